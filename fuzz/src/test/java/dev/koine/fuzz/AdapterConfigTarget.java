package dev.koine.fuzz;

import dev.koine.testkit.TrainedForms;
import java.io.IOException;
import java.util.Objects;

/** The configuration of an expert that is a LoRA adapter. */
public final class AdapterConfigTarget {
    private static final TrainedTarget EXPERT =
            TrainedTarget.of("adapter-config", (base, folder) -> TrainedForms.adapter(base, 1, folder));

    private AdapterConfigTarget() {}

    /** Has the good expert made before any input is timed. */
    public static void fuzzerInitialize() {
        Objects.requireNonNull(EXPERT);
    }

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        EXPERT.run("adapter_config.json", data);
    }
}
