package dev.koine.bench;

import dev.koine.bench.BenchOptions.Case;
import dev.koine.bench.machine.ChildProcess;
import dev.koine.bench.machine.Rates;
import dev.koine.bench.shape.Element;
import dev.koine.bench.shape.ExpertKind;
import dev.koine.bench.shape.WhisperSize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What {@code bench/run} runs: merges models with Koine and by the recipe in turn, and prints what was measured as markdown. */
public final class Bench {
    private static final int JVM_STARTS = 3;

    private final BenchOptions options;
    private final Path results;
    private final Map<WhisperSize, Double> float32 = new EnumMap<>(WhisperSize.class);
    private final Markdown summary = new Markdown(
            "model",
            "whole process s",
            "merge s",
            "of the floor",
            "of this way's floor",
            "numpy / merge",
            "of float32, full",
            "peak beyond files MB",
            "peak heap MB",
            "limit");

    private Bench(BenchOptions options, Path results) {
        this.options = options;
        this.results = results;
    }

    /** Arguments as {@link BenchOptions#USAGE} says. */
    public static void main(String[] arguments) throws Exception {
        BenchOptions options;
        try {
            options = BenchOptions.parse(Arrays.asList(arguments), System.getenv());
        } catch (IllegalArgumentException e) {
            System.err.println("bench/run: " + e.getMessage() + "\n" + BenchOptions.USAGE);
            System.exit(2);
            return;
        }
        Files.createDirectories(options.models());
        Path parent = options.results().isEmpty() ? options.models() : Path.of(options.results());
        Path results = Files.createTempDirectory(parent, "run");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> clean(results)));
        try {
            new Bench(options, results).run();
        } catch (IOException e) {
            System.err.println("bench/run: " + e.getMessage());
            System.exit(1);
        }
    }

    /** Whatever ended the run: nothing goes on, and nothing stays but the models. */
    private static void clean(Path results) {
        ProcessHandle.current().descendants().forEach(ProcessHandle::destroy);
        try {
            Workload.delete(results);
        } catch (IOException e) {
            System.err.println("bench/run: " + results + " is still there: " + e);
        }
    }

    private void run() throws Exception {
        System.out.println(Machine.describe(options, results));
        System.out.printf(Locale.ROOT, "- start of the JVM, koine --version: %.2f s%n", jvmStart());
        for (Case one : options.cases()) {
            measure(one);
        }
        System.out.printf("%n## All%n%n%s", summary);
    }

    private double jvmStart() throws IOException, InterruptedException {
        List<String> command = List.of(options.home().resolve("koine").toString(), "--version");
        double best = Double.MAX_VALUE;
        for (int i = 0; i < JVM_STARTS; i++) {
            best = Math.min(
                    best,
                    ChildProcess.run(command, Map.of(), results.resolve("version.log"))
                            .wall());
        }
        return best;
    }

    private void measure(Case one) throws Exception {
        Workload workload = Workload.in(options.models(), one.size(), one.element(), one.kind());
        boolean isNew = !workload.isMade();
        if (isNew) {
            System.err.println("making " + workload.directory());
            workload.make();
        }
        System.err.println("merging " + workload.directory());
        workload.warm();
        Rates rates = Rates.measure(results, one.size().width);
        Comparison comparison = Comparison.run(workload, one.numpy(), options, results);
        Report report = new Report(workload, rates, comparison);
        System.out.printf("%n%s", report.section());
        if (one.element() == Element.FLOAT32 && one.kind() == ExpertKind.FULL) {
            float32.put(one.size(), report.seconds());
        }
        report.addTo(summary, float32.getOrDefault(one.size(), Double.NaN));
        if (isNew && !one.keep()) {
            Workload.delete(workload.directory());
        }
        Workload.delete(results.resolve("merged"));
        Workload.delete(results.resolve("recipe"));
    }
}
