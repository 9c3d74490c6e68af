package dev.koine.fuzz;

import dev.koine.testkit.TrainedForms;
import java.io.IOException;

/** The index of an expert that is a checkpoint in shards. */
public final class ShardIndexTarget {
    private static final TrainedTarget EXPERT = TrainedTarget.of("index", (base, folder) -> {
        TrainedForms.checkpoint(base, base, folder);
        TrainedTarget.shard(folder);
    });

    private ShardIndexTarget() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        EXPERT.run("model.safetensors.index.json", data);
    }
}
