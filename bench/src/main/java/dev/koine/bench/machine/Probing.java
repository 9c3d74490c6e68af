package dev.koine.bench.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Runs probes on all processors at once and keeps the best of some rounds. */
public final class Probing implements AutoCloseable {
    private static final int ROUNDS = 9;
    private static final long ROUND_NANOS = 150_000_000;

    private final int threads = Runtime.getRuntime().availableProcessors();
    private final ExecutorService executor = Executors.newFixedThreadPool(threads);

    public int threads() {
        return threads;
    }

    /** What all processors together do a second, each with a probe of its own. */
    public double rate(Callable<? extends Probe> each) throws Exception {
        List<Probe> probes = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            probes.add(each.call());
        }
        double best = 0;
        for (int round = 0; round < ROUNDS; round++) {
            best = Math.max(best, round(probes));
            for (Probe probe : probes) {
                probe.reset();
            }
        }
        for (Probe probe : probes) {
            probe.close();
        }
        return best;
    }

    private double round(List<Probe> probes) throws InterruptedException, ExecutionException {
        List<Callable<Double>> parts = new ArrayList<>();
        for (Probe probe : probes) {
            parts.add(() -> rateOfOne(probe));
        }
        double sum = 0;
        for (Future<Double> part : executor.invokeAll(parts)) {
            sum += part.get();
        }
        return sum;
    }

    private static double rateOfOne(Probe probe) throws Exception {
        long start = System.nanoTime();
        double done = 0;
        long elapsed = 0;
        while (elapsed < ROUND_NANOS) {
            done += probe.run();
            elapsed = System.nanoTime() - start;
        }
        return done / elapsed * 1e9;
    }

    @Override
    public void close() {
        executor.shutdown();
    }
}
