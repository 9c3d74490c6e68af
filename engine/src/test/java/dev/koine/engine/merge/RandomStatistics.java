package dev.koine.engine.merge;

import dev.koine.engine.RejectedException;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.statistics.LayerInput;
import dev.koine.engine.statistics.LayerInputs;
import dev.koine.engine.statistics.Statistics;
import dev.koine.engine.statistics.StatisticsWriter;
import dev.koine.engine.store.ArtifactStore;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/** Statistics of a language that nobody speaks: Grams of random inputs, some of which are always zero, as after a Relu. */
final class RandomStatistics {
    private RandomStatistics() {}

    /** Writes statistics into a folder. */
    static Path write(Path folder, ModelBundle base, String baseDigest, Random random) throws IOException {
        Files.createDirectories(folder);
        StatisticsWriter writer = new StatisticsWriter(4).about(new Statistics.About(baseDigest, "xx", 3, 50));
        for (LayerInput input : LayerInputs.of(base)) {
            writer.add(input, gram(input, random));
        }
        try (OutputStream out = Files.newOutputStream(folder.resolve(Statistics.FILE))) {
            writer.writeTo(out);
        }
        return folder;
    }

    /** Keeps statistics in a store; returns the digest of their bundle. */
    static String put(ArtifactStore store, ModelBundle base, String baseDigest, Random random)
            throws RejectedException, IOException {
        return store.<RejectedException>putBundle(copy -> write(copy, base, baseDigest, random))
                .digest();
    }

    private static double[] gram(LayerInput input, Random random) {
        int n = input.size();
        double[] mean = new double[n];
        Arrays.setAll(mean, i -> random.nextInt(5) == 0 ? Double.NEGATIVE_INFINITY : random.nextGaussian());
        double[] packed = new double[input.packedSize()];
        int positions = 1 + random.nextInt(2 * n);
        for (int p = 0; p < positions; p++) {
            double[] x = new double[n];
            Arrays.setAll(x, i -> Math.max(0, mean[i] + random.nextGaussian()));
            int at = 0;
            for (int i = 0; i < n; i++) {
                for (int j = 0; j <= i; j++) {
                    packed[at++] += x[i] * x[j];
                }
            }
        }
        return packed;
    }
}
