package dev.koine.bench.kernel;

import java.util.Random;

/** Deltas as a fine-tune leaves them: 16 singular values that fall from 1 by 0.85 each, and a flat tail below 0.1. */
final class Deltas {
    private static final int PLANTED = 16;

    private Deltas() {}

    static float[] of(int rows, int columns) {
        Random random = new Random(1);
        float[] delta = new float[rows * columns];
        double noise = 0.1 / (Math.sqrt(rows) + Math.sqrt(columns));
        for (int i = 0; i < delta.length; i++) {
            delta[i] = (float) (noise * random.nextGaussian());
        }
        for (int k = 0; k < PLANTED; k++) {
            float[] u = vector(rows, Math.pow(0.85, k), random);
            float[] v = vector(columns, 1, random);
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < columns; j++) {
                    delta[i * columns + j] += u[i] * v[j];
                }
            }
        }
        return delta;
    }

    private static float[] vector(int count, double norm, Random random) {
        float[] vector = new float[count];
        for (int i = 0; i < count; i++) {
            vector[i] = (float) (norm / Math.sqrt(count) * random.nextGaussian());
        }
        return vector;
    }
}
