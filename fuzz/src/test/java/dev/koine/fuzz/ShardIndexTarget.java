package dev.koine.fuzz;

import dev.koine.testkit.TrainedForms;
import java.io.IOException;
import java.util.Objects;

/** The index of an expert that is a checkpoint in shards. */
public final class ShardIndexTarget {
    private static final TrainedTarget EXPERT = TrainedTarget.of("index", (base, folder) -> {
        TrainedForms.checkpoint(base, base, folder);
        TrainedTarget.shard(folder);
    });

    private ShardIndexTarget() {}

    /** Has the good expert made before any input is timed. */
    public static void fuzzerInitialize() {
        Objects.requireNonNull(EXPERT);
    }

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        EXPERT.run("model.safetensors.index.json", data);
    }
}
