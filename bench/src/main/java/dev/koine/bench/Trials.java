package dev.koine.bench;

import dev.koine.engine.Device;
import dev.koine.engine.RejectedException;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.onnx.OnnxSessions;
import dev.koine.speech.quarantine.Quarantine;
import dev.koine.speech.quarantine.QuarantineLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What the quarantine costs: a model loaded in this process, loaded and asked once in a new worker, and in one that is there. Prints a table:
 * milliseconds, median of the rounds (the ways take turns in each), what a new and a warm worker take besides the plain load, and the
 * worker's private memory. Arguments: the number of rounds, then folders with models.
 */
public final class Trials {
    private static final int THREADS = Runtime.getRuntime().availableProcessors();
    private static final OnnxOptions OPTIONS = new OnnxOptions(THREADS, Device.CPU);

    private Trials() {}

    public static void main(String[] args) throws IOException, RejectedException {
        int rounds = Integer.parseInt(args[0]);
        System.out.println(
                "| model | MB | loaded here ms | new worker: loaded and asked ms | warm worker ms | warm to loaded here |"
                        + " worker's own memory MB |");
        System.out.println("|---|---|---|---|---|---|---|");
        for (String folder : Arrays.asList(args).subList(1, args.length)) {
            Path bundle = Path.of(folder).toAbsolutePath().normalize();
            double[] here = new double[rounds];
            double[] cold = new double[rounds];
            double[] warm = new double[rounds];
            long memory = 0;
            OnnxSessions.open(bundle, OPTIONS).close();
            for (int i = 0; i < rounds; i++) {
                here[i] = millis(() -> OnnxSessions.open(bundle, OPTIONS).close());
                try (Quarantine quarantine = new Quarantine(QuarantineLimits.DEFAULT)) {
                    cold[i] = millis(() -> quarantine.ask(bundle, OPTIONS));
                    warm[i] = millis(() -> quarantine.ask(bundle, OPTIONS));
                    memory = Math.max(memory, privateKilobytes());
                }
            }
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %.1f | %.0f | %.0f | %.0f | %.2f | %d |%n",
                    bundle.subpath(Math.max(0, bundle.getNameCount() - 2), bundle.getNameCount()),
                    bytes(bundle) / 1e6,
                    median(here),
                    median(cold),
                    median(warm),
                    median(warm) / median(here),
                    memory >> 10);
        }
    }

    private interface Work {
        void run() throws IOException, RejectedException;
    }

    private static double millis(Work work) throws IOException, RejectedException {
        long begun = System.nanoTime();
        work.run();
        return (System.nanoTime() - begun) / 1e6;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static long bytes(Path bundle) throws IOException {
        try (Stream<Path> files = Files.walk(bundle)) {
            return files.mapToLong(
                            file -> file.toFile().isFile() ? file.toFile().length() : 0)
                    .sum();
        }
    }

    /** Of the one child of this process. */
    private static long privateKilobytes() throws IOException {
        long pid = ProcessHandle.current()
                .children()
                .mapToLong(ProcessHandle::pid)
                .max()
                .orElseThrow();
        try (Stream<String> lines = Files.lines(Path.of("/proc", Long.toString(pid), "status"))) {
            return lines.filter(line -> line.startsWith("RssAnon:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .sum();
        }
    }
}
