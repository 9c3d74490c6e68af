package dev.koine.fuzz;

import dev.koine.engine.RejectedException;
import dev.koine.engine.statistics.LayerInput;
import dev.koine.engine.statistics.Statistics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Statistics of a language; every matrix is read, as one of the base's inputs would have it. */
public final class StatisticsTarget {
    private static final Path FILE = Work.folder("statistics").resolve("file.safetensors");
    private static final int[] SIZES = {1, 3, 7};
    private static final int BLOCK = 3;

    private StatisticsTarget() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        Files.write(FILE, data);
        try (Statistics statistics = Statistics.open(FILE)) {
            for (String key : statistics.keys()) {
                for (int size : SIZES) {
                    read(statistics, new LayerInput(key, size, Math.min(size, BLOCK), List.of()));
                }
            }
        } catch (RejectedException refused) {
            EventTarget.requireMessage(refused);
        }
    }

    private static void read(Statistics statistics, LayerInput input) throws IOException {
        try {
            for (double entry : statistics.gram(input)) {
                if (!Double.isFinite(entry) || Math.abs(entry) > 2 * input.size()) {
                    throw new AssertionError(input + " has " + entry);
                }
            }
        } catch (RejectedException refused) {
            EventTarget.requireMessage(refused);
        }
    }
}
