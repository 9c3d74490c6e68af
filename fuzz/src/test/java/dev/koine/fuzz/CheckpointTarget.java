package dev.koine.fuzz;

import dev.koine.testkit.TrainedForms;
import java.io.IOException;
import java.util.Objects;

/** The weights of an expert that is a checkpoint. */
public final class CheckpointTarget {
    private static final TrainedTarget EXPERT =
            TrainedTarget.of("checkpoint", (base, folder) -> TrainedForms.checkpoint(base, base, folder));

    private CheckpointTarget() {}

    /** Has the good expert made before any input is timed. */
    public static void fuzzerInitialize() {
        Objects.requireNonNull(EXPERT);
    }

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        EXPERT.run("model.safetensors", data);
    }
}
