package dev.koine.bench;

import dev.koine.accelerator.OnnxDecomposition;
import dev.koine.engine.linalg.Decomposition;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.linalg.LowRank;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;

/**
 * Times the truncated SVD, rank 7, one thread: in Java, and as one ONNX graph on the CPU and on CUDA. Prints a table: milliseconds,
 * median of the rounds (the ways take turns in each), as times the Java one, and how far the product is from Java's in relative norm.
 * The argument is the number of rounds (default 9).
 */
public final class Decompose {
    private static final int RANK = 7;
    private static final int[][] SHAPES = {{768, 768}, {768, 3072}, {3072, 768}, {1280, 1280}, {1280, 5120}};

    private Decompose() {}

    public static void main(String[] args) throws IOException {
        int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 9;
        System.out.println(
                "| shape | Java ms | ONNX on CPU ms | of Java | distance | ONNX on CUDA ms | of Java | distance |");
        System.out.println("|---|---|---|---|---|---|---|---|");
        try (OnnxDecomposition cpu = OnnxDecomposition.onCpu()) {
            try (OnnxDecomposition cuda = OnnxDecomposition.onCuda()) {
                compare(rounds, Lanczos::truncate, cpu, cuda);
            } catch (IOException e) {
                System.err.println("CUDA: not run: " + e.getMessage());
                compare(rounds, Lanczos::truncate, cpu);
            }
        }
    }

    private static void compare(int rounds, Decomposition... ways) throws IOException {
        for (int[] shape : SHAPES) {
            float[] delta = delta(shape[0], shape[1]);
            double[][] millis = new double[ways.length][rounds];
            LowRank[] results = new LowRank[ways.length];
            for (int round = -2; round < rounds; round++) {
                for (int way = 0; way < ways.length; way++) {
                    long started = System.nanoTime();
                    results[way] = ways[way].truncate(delta, shape[0], shape[1], RANK);
                    millis[way][Math.max(round, 0)] = (System.nanoTime() - started) / 1e6;
                }
            }
            System.out.printf("| %d x %d | %.1f |", shape[0], shape[1], median(millis[0]));
            for (int way = 1; way < 3; way++) {
                if (way < ways.length) {
                    System.out.printf(
                            " %.1f | %.2f | %.0e |",
                            median(millis[way]),
                            median(millis[way]) / median(millis[0]),
                            distance(results[0], results[way]));
                } else {
                    System.out.print(" | | |");
                }
            }
            System.out.println();
        }
    }

    /** Twelve strong directions over noise: the shape of a fine-tune's delta. */
    private static float[] delta(int rows, int columns) {
        Random random = new Random(3);
        float[] a = new float[rows * columns];
        for (int i = 0; i < a.length; i++) {
            a[i] = (float) (1e-4 * random.nextGaussian());
        }
        for (int k = 0; k < 12; k++) {
            double[] u = random.doubles(rows, -1, 1).toArray();
            double[] v = random.doubles(columns, -1, 1).toArray();
            double strength = 1e-4 * (6 - 4.0 * k / 11);
            for (int i = 0; i < a.length; i++) {
                a[i] += (float) (strength * u[i / columns] * v[i % columns]);
            }
        }
        return a;
    }

    private static double distance(LowRank one, LowRank other) {
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < one.rows(); i++) {
            for (int j = 0; j < one.columns(); j++) {
                double x = entry(one, i, j);
                difference += Math.pow(x - entry(other, i, j), 2);
                norm += x * x;
            }
        }
        return Math.sqrt(difference / norm);
    }

    private static double entry(LowRank low, int i, int j) {
        double sum = 0;
        for (int k = 0; k < low.rank(); k++) {
            sum += low.u()[i * low.rank() + k] * low.v()[k * low.columns() + j];
        }
        return sum;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
