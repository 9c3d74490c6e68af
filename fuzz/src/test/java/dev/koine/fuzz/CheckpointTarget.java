package dev.koine.fuzz;

import dev.koine.testkit.TrainedForms;
import java.io.IOException;

/** The weights of an expert that is a checkpoint. */
public final class CheckpointTarget {
    private static final TrainedTarget EXPERT =
            TrainedTarget.of("checkpoint", (base, folder) -> TrainedForms.checkpoint(base, base, folder));

    private CheckpointTarget() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        EXPERT.run("model.safetensors", data);
    }
}
