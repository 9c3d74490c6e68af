package dev.koine.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What this machine can do at best right now, on all its processors: bytes copied in memory, and multiply-adds on arrays that stay in
 * the first cache, both from plain Java. Prints {@code <GB/s> <GFLOP/s>}, the best of some rounds.
 */
public final class Floor {
    private static final int ROUNDS = 7;
    private static final int COPIED = 1 << 24;
    private static final int CACHED = 1 << 10;
    private static final int SWEEPS = 1 << 17;

    private Floor() {}

    /** No arguments. */
    public static void main(String[] arguments) throws Exception {
        int threads = Runtime.getRuntime().availableProcessors();
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        List<Callable<Float>> copies = new ArrayList<>();
        List<Callable<Float>> products = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            float[] from = new float[COPIED];
            float[] to = new float[COPIED];
            copies.add(() -> {
                System.arraycopy(from, 0, to, 0, COPIED);
                return to[0];
            });
            products.add(Floor::multiplyAdd);
        }
        double copied = 4.0 * COPIED * threads / seconds(executor, copies);
        double flops = 8.0 * CACHED * SWEEPS * threads / seconds(executor, products);
        executor.shutdown();
        System.out.printf(Locale.ROOT, "%.1f %.1f%n", copied / 1e9, flops / 1e9);
    }

    private static float multiplyAdd() {
        float[] x = new float[4 * CACHED];
        float[] y = new float[CACHED];
        Arrays.fill(x, 1e-9f);
        for (int s = 0; s < SWEEPS; s++) {
            addRows(x, y, s * 1e-9f);
        }
        return y[0];
    }

    /** The inner loop of the engine's products. */
    private static void addRows(float[] x, float[] y, float t) {
        for (int j = 0; j < CACHED; j++) {
            y[j] += (t * x[j] + t * x[CACHED + j]) + (t * x[2 * CACHED + j] + t * x[3 * CACHED + j]);
        }
    }

    private static double seconds(ExecutorService executor, List<Callable<Float>> parts)
            throws InterruptedException, ExecutionException {
        double best = Double.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            for (Future<Float> part : executor.invokeAll(parts)) {
                part.get();
            }
            best = Math.min(best, (System.nanoTime() - start) / 1e9);
        }
        return best;
    }
}
