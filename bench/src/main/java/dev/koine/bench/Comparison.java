package dev.koine.bench;

import dev.koine.bench.machine.ChildProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Merges of one model by Koine and by numpy, in turn.
 *
 * @param koine sorted, the fastest first; at least one
 * @param numpy sorted, the fastest first; may be empty
 * @param agreement a sentence on how far the results are apart; empty without numpy
 */
record Comparison(List<KoineRun> koine, List<ChildProcess.Usage> numpy, String agreement) {
    private static final int NUMPY_RUNS = 3;
    private static final double LONGEST = 120;

    Comparison {
        koine = List.copyOf(koine);
        numpy = List.copyOf(numpy);
    }

    /** Fewer runs than asked for if they take minutes: the last one begins within {@value #LONGEST} seconds of merging. */
    static Comparison run(Workload workload, boolean withNumpy, BenchOptions options, Path work)
            throws IOException, InterruptedException {
        NumpyRecipe recipe = new NumpyRecipe(options, work);
        List<KoineRun> koine = new ArrayList<>();
        List<ChildProcess.Usage> numpy = new ArrayList<>();
        double spent = 0;
        for (int i = 0; i < options.runs() && spent < LONGEST; i++) {
            if (withNumpy && i < NUMPY_RUNS) {
                numpy.add(recipe.merge(workload));
            }
            KoineRun run = KoineRun.of(workload, options, work);
            koine.add(run);
            spent += run.usage().wall();
        }
        koine.sort(Comparator.comparingDouble(KoineRun::seconds));
        numpy.sort(Comparator.comparingDouble(ChildProcess.Usage::wall));
        return new Comparison(koine, numpy, withNumpy ? recipe.compare(workload) : "");
    }

    /** The median, or the slower of the two in the middle. */
    static <T> T median(List<T> sorted) {
        return sorted.get(sorted.size() / 2);
    }
}
