package dev.koine.bench.machine;

/** Copies an array that no cache holds; counts the bytes read and the bytes written. */
public final class MemoryCopy implements Probe {
    private static final int LENGTH = 1 << 24;

    private final float[] from = new float[LENGTH];
    private final float[] to = new float[LENGTH];

    @Override
    public double run() {
        System.arraycopy(from, 0, to, 0, LENGTH);
        return 2.0 * Float.BYTES * LENGTH;
    }
}
