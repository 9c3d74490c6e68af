package dev.koine.engine.taskvector;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Symmetric integer quantisation of runs of 128 values, in the order of their indexes; the last run may be shorter.
 *
 * <pre>
 *   scale = largest magnitude of the run / Q, rounded up to 16 significant bits;  Q is 127 for INT8, 7 for INT4
 *   q     = round(value / scale)
 *   value = scale * q
 * </pre>
 *
 * <p>With 16 bits in the scale and 7 in q the product is exact in float32, and the largest magnitude always gets {@code q = Q}: so values
 * that were rounded once give the same scales and integers when they are looked at again. INT8 takes a byte a value in two's complement,
 * INT4 half of one, the lower half first. A run whose scale would be under the smallest normal float32 is zero.
 */
final class Quantization {
    static final int RUN = 128;
    private static final int SIGNIFICANT_BITS = 16;
    private static final int DROPPED_BITS = 24 - SIGNIFICANT_BITS;

    private final int largest;
    private final boolean halves;

    Quantization(Precision precision) {
        this.halves = precision == Precision.INT4;
        this.largest = halves ? 7 : 127;
        if (!precision.isInteger()) {
            throw new IllegalArgumentException(precision + " is no integer type");
        }
    }

    /** Makes the first {@code count} finite values what their quantised form says. */
    void round(float[] values, int count) {
        for (int from = 0; from < count; from += RUN) {
            int end = Math.min(count, from + RUN);
            float scale = scale(values, from, end);
            for (int i = from; i < end; i++) {
                values[i] = scale == 0 ? 0 : scale * quantized(values[i], scale);
            }
        }
    }

    static int runs(int count) {
        return (count + RUN - 1) / RUN;
    }

    int bytes(int count) {
        return halves ? (count + 1) / 2 : count;
    }

    /** The scale of each run of values that {@link #round} has made. */
    float[] scales(float[] values) {
        float[] scales = new float[runs(values.length)];
        for (int run = 0; run < scales.length; run++) {
            scales[run] = scale(values, run * RUN, Math.min(values.length, (run + 1) * RUN));
        }
        return scales;
    }

    /** The integers of values that {@link #round} has made. */
    byte[] pack(float[] values, float[] scales) {
        byte[] packed = new byte[bytes(values.length)];
        for (int i = 0; i < values.length; i++) {
            float scale = scales[i / RUN];
            int q = scale == 0 ? 0 : quantized(values[i], scale);
            if (halves) {
                packed[i / 2] |= (byte) ((q & 0xF) << (i % 2 * 4));
            } else {
                packed[i] = (byte) q;
            }
        }
        return packed;
    }

    /**
     * The values.
     *
     * @return null if an integer or a scale is not one that {@link #pack} gives
     */
    float @Nullable [] unpack(byte[] packed, float[] scales, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            int q = halves ? packed[i / 2] << (28 - i % 2 * 4) >> 28 : packed[i];
            values[i] = scales[i / RUN] * q;
            if (Math.abs(q) > largest) {
                return null;
            }
        }
        boolean isPadded = !halves || count % 2 == 0 || packed[count / 2] >> 4 == 0;
        return isPadded && Arrays.equals(scales, scales(values)) ? values : null;
    }

    private float scale(float[] values, int from, int end) {
        float magnitude = 0;
        for (int i = from; i < end; i++) {
            magnitude = Math.max(magnitude, Math.abs(values[i]));
        }
        int bits = Float.floatToRawIntBits(magnitude / largest);
        float scale = Float.intBitsToFloat((bits + (1 << DROPPED_BITS) - 1) >>> DROPPED_BITS << DROPPED_BITS);
        return scale >= Float.MIN_NORMAL ? scale : 0;
    }

    private static int quantized(float value, float scale) {
        return Math.round(value / scale);
    }
}
