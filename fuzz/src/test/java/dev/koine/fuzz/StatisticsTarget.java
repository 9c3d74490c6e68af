package dev.koine.fuzz;

import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.weighed.GramSum;
import dev.koine.engine.statistics.LayerInput;
import dev.koine.engine.statistics.LowRankGram;
import dev.koine.engine.statistics.Statistics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Statistics of a language; every matrix is read, as one of the base's inputs would have it, and solved with. */
public final class StatisticsTarget {
    private static final Path FILE = Work.folder("statistics").resolve("file.safetensors");
    private static final int[] SIZES = {1, 3, 7};

    private StatisticsTarget() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        Files.write(FILE, data);
        try (Statistics statistics = Statistics.open(FILE)) {
            for (String key : statistics.keys()) {
                for (int size : SIZES) {
                    read(statistics, new LayerInput(key, size, List.of()));
                }
            }
        } catch (RejectedException refused) {
            EventTarget.requireMessage(refused);
        }
    }

    private static void read(Statistics statistics, LayerInput input) throws IOException {
        try {
            LowRankGram gram = statistics.gram(input);
            double[] identity = new double[input.size() * input.size()];
            for (int i = 0; i < input.size(); i++) {
                identity[i * input.size() + i] = 1;
            }
            if (gram.mean() > 0) {
                GramSum.solver(List.of(new GramSum.Term(gram, 1))).solve(identity, input.size(), false);
            }
            for (double entry : identity) {
                if (!Double.isFinite(entry)) {
                    throw new AssertionError(input + " has an inverse with " + entry);
                }
            }
        } catch (RejectedException refused) {
            EventTarget.requireMessage(refused);
        }
    }
}
