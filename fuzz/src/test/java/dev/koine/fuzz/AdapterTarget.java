package dev.koine.fuzz;

import dev.koine.testkit.TrainedForms;
import java.io.IOException;

/** The weights of an expert that is a LoRA adapter. */
public final class AdapterTarget {
    private static final TrainedTarget EXPERT =
            TrainedTarget.of("adapter", (base, folder) -> TrainedForms.adapter(base, 1, folder));

    private AdapterTarget() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        EXPERT.run("adapter_model.safetensors", data);
    }
}
