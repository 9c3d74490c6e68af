package dev.koine.engine.taskvector;

import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.Lanczos;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Random blocks and task vectors for tests. */
public final class Blocks {
    private Blocks() {}

    /** A pruned random matrix, of any policy and precision. */
    public static PrunedBlock random(Random random) {
        int rows = 1 + random.nextInt(random.nextInt(20) == 0 ? 120 : 12);
        int columns = 1 + random.nextInt(90);
        float[] delta = new float[rows * columns];
        for (int i = 0; i < delta.length; i++) {
            delta[i] = random.nextInt(8) == 0 ? 0 : (float) (random.nextGaussian() * 1e-2);
        }
        return prune(
                delta,
                rows,
                columns,
                Policy.values()[random.nextInt(4)],
                random.nextInt(5),
                random.nextInt(4) == 0 ? 0 : random.nextDouble(),
                Precision.values()[random.nextInt(Precision.values().length)]);
    }

    /** Random blocks with distinct places; some of tied weights, some the second run of a weight. */
    public static List<TaskVectorFile.Block> randomVector(Random random) {
        List<TaskVectorFile.Block> blocks = new ArrayList<>();
        int count = random.nextInt(6);
        for (int i = 0; i < count; i++) {
            PrunedBlock block = random(random);
            List<String> weights = random.nextBoolean()
                    ? List.of("encoder.onnx/w" + i)
                    : List.of("decoder.onnx/\"ties\" @ é" + i, "decoder_with_past.onnx/w" + i);
            blocks.add(new TaskVectorFile.Block(weights, 0, block));
            if (random.nextInt(3) == 0) {
                blocks.add(new TaskVectorFile.Block(weights, block.numel(), random(random)));
            }
        }
        return blocks;
    }

    /** {@link Pruner#prune} of a delta that is known to be good. */
    public static PrunedBlock prune(
            float[] delta, int rows, int columns, Policy policy, int rank, double density, Precision precision) {
        try {
            return new Pruner(rank, density, precision, Lanczos::truncate).prune(delta, rows, columns, policy);
        } catch (RejectedException | IOException e) {
            throw new AssertionError(e);
        }
    }
}
