package dev.koine.bench;

import dev.koine.bench.shape.Element;
import dev.koine.bench.shape.ExpertKind;
import dev.koine.bench.shape.Names;
import dev.koine.bench.shape.WhisperSize;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * What {@code bench/run} is asked to do.
 *
 * @param cases what to merge, in this order
 * @param runs of each, an odd number so that there is a median
 * @param heap of the JVM that merges, as {@code -Xmx} takes it; empty for the JVM's own choice
 * @param home where Koine lies
 * @param models where models are made
 * @param results where results go; empty for beside the models
 * @param python a Python with numpy
 */
record BenchOptions(List<Case> cases, int runs, String heap, Path home, Path models, String results, String python) {
    static final String USAGE =
            "bench/run [-a] [-s tiny|small|medium|large] [-t float32|float16|bfloat16] [-e full|lora]"
                    + " [-n RUNS] [-p] [-x HEAP]";

    /**
     * A model to merge.
     *
     * @param numpy whether numpy merges it, too
     * @param keep whether the model stays on disk
     */
    record Case(WhisperSize size, Element element, ExpertKind kind, boolean numpy, boolean keep) {}

    /** Everything, the largest model last: it displaces others from the page cache. */
    private static final List<Case> ALL = List.of(
            new Case(WhisperSize.SMALL, Element.FLOAT32, ExpertKind.FULL, true, true),
            new Case(WhisperSize.SMALL, Element.FLOAT16, ExpertKind.FULL, false, true),
            new Case(WhisperSize.SMALL, Element.BFLOAT16, ExpertKind.FULL, false, true),
            new Case(WhisperSize.SMALL, Element.FLOAT32, ExpertKind.LORA, false, true),
            new Case(WhisperSize.MEDIUM, Element.FLOAT32, ExpertKind.FULL, false, false),
            new Case(WhisperSize.LARGE, Element.FLOAT32, ExpertKind.FULL, false, false),
            new Case(WhisperSize.LARGE, Element.FLOAT16, ExpertKind.FULL, false, false));

    BenchOptions {
        cases = List.copyOf(cases);
    }

    /** @throws IllegalArgumentException if the words make no sense; says why */
    static BenchOptions parse(List<String> words, Map<String, String> environment) {
        WhisperSize size = WhisperSize.SMALL;
        Element element = Element.FLOAT32;
        ExpertKind kind = ExpertKind.FULL;
        boolean numpy = false;
        boolean all = false;
        int runs = 5;
        String heap = "";
        for (Iterator<String> rest = words.iterator(); rest.hasNext(); ) {
            String option = rest.next();
            switch (option) {
                case "-a" -> all = true;
                case "-p" -> numpy = true;
                case "-s" -> size = Names.find(argument(option, rest), WhisperSize.class);
                case "-t" -> element = Names.find(argument(option, rest), Element.class);
                case "-e" -> kind = Names.find(argument(option, rest), ExpertKind.class);
                case "-n" -> runs = odd(argument(option, rest));
                case "-x" -> heap = argument(option, rest);
                default -> throw new IllegalArgumentException("there is no option '" + option + "'");
            }
        }
        Path home = Path.of(environment.getOrDefault("KOINE_HOME", ".")).toAbsolutePath();
        String cache = environment.getOrDefault("HOME", "") + "/.cache/koine-bench";
        return new BenchOptions(
                all ? ALL : List.of(new Case(size, element, kind, numpy, true)),
                runs,
                all && heap.isEmpty() ? "1g" : heap,
                home,
                Path.of(environment.getOrDefault("KOINE_BENCH_DIR", cache)).toAbsolutePath(),
                environment.getOrDefault("KOINE_BENCH_OUT", ""),
                environment.getOrDefault("KOINE_PYTHON", "python3"));
    }

    private static String argument(String option, Iterator<String> rest) {
        if (!rest.hasNext()) {
            throw new IllegalArgumentException(option + " needs a value");
        }
        return rest.next();
    }

    private static int odd(String text) {
        int number = Integer.parseInt(text);
        if (number < 1 || number % 2 == 0) {
            throw new IllegalArgumentException("-n " + text + " is not an odd number of runs");
        }
        return number;
    }
}
