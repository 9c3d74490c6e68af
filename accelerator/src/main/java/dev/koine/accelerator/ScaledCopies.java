package dev.koine.accelerator;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.concurrent.ConcurrentLinkedDeque;

/** Off-heap copies of matrices, in memory that is used again. Safe for several threads. */
final class ScaledCopies {
    private static final int CHUNK = 8192;

    private final ConcurrentLinkedDeque<FloatBuffer> free = new ConcurrentLinkedDeque<>();

    /** A copy of {@code a}, times {@code scale}; to be given back. */
    FloatBuffer borrow(float[] a, double scale) {
        FloatBuffer reused = free.pollFirst();
        FloatBuffer copy = reused != null && reused.capacity() >= a.length ? reused.clear() : direct(a.length);
        float[] chunk = new float[CHUNK];
        for (int from = 0; from < a.length; from += CHUNK) {
            int count = Math.min(CHUNK, a.length - from);
            for (int i = 0; i < count; i++) {
                chunk[i] = (float) (a[from + i] * scale);
            }
            copy.put(chunk, 0, count);
        }
        return copy.flip();
    }

    /** Ends the use of a copy. */
    void giveBack(FloatBuffer copy) {
        free.addFirst(copy);
    }

    /** Off-heap memory for {@code count} float32 values, in the order of this machine. */
    static FloatBuffer direct(int count) {
        return ByteBuffer.allocateDirect(Math.multiplyExact(count, Float.BYTES))
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
    }

    /** The Frobenius norm, in double. */
    static double norm(float[] a) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = 0;
        for (; i < a.length - 3; i += 4) {
            s0 += (double) a[i] * a[i];
            s1 += (double) a[i + 1] * a[i + 1];
            s2 += (double) a[i + 2] * a[i + 2];
            s3 += (double) a[i + 3] * a[i + 3];
        }
        for (; i < a.length; i++) {
            s0 += (double) a[i] * a[i];
        }
        return Math.sqrt((s0 + s1) + (s2 + s3));
    }
}
