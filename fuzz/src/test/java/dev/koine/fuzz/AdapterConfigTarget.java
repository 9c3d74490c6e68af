package dev.koine.fuzz;

import dev.koine.testkit.TrainedForms;
import java.io.IOException;

/** The configuration of an expert that is a LoRA adapter. */
public final class AdapterConfigTarget {
    private static final TrainedTarget EXPERT =
            TrainedTarget.of("adapter-config", (base, folder) -> TrainedForms.adapter(base, 1, folder));

    private AdapterConfigTarget() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        EXPERT.run("adapter_config.json", data);
    }
}
