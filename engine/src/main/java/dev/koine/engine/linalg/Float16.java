package dev.koine.engine.linalg;

/** IEEE 754 binary16 as raw bits in a {@code short}; conversions are exact, or rounded to nearest with ties to even. */
public final class Float16 {
    /** The largest finite value. */
    public static final float MAX_VALUE = 65504f;

    private static final int INFINITY = 0x7c00;
    private static final int SMALLEST_NORMAL = 0x38800000;
    private static final int ABOVE_RANGE = 0x47800000;
    private static final int EXPONENT_SHIFT = 112 << 23;

    private Float16() {}

    /** The nearest float16; infinity from 65520 on; NaN stays NaN. */
    public static short fromFloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        int magnitude = bits & 0x7fffffff;
        int half;
        if (magnitude >= ABOVE_RANGE) {
            half = magnitude > 0x7f800000 ? INFINITY | 0x200 : INFINITY;
        } else if (magnitude < SMALLEST_NORMAL) {
            // The unit in the last place of 0.5f is the step of the subnormal float16s: the addition does the rounding.
            half = Float.floatToRawIntBits(Float.intBitsToFloat(magnitude) + 0.5f) - 0x3f000000;
        } else {
            half = magnitude - EXPONENT_SHIFT + 0xfff + (magnitude >>> 13 & 1) >>> 13;
        }
        return (short) (sign | half);
    }

    /** The value, exactly. */
    public static float toFloat(short half) {
        int sign = (half & 0x8000) << 16;
        int magnitude = half & 0x7fff;
        if (magnitude >= INFINITY) {
            return Float.intBitsToFloat(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
        }
        float value = Float.intBitsToFloat(magnitude << 13) * 0x1p112f;
        return Float.intBitsToFloat(sign | Float.floatToRawIntBits(value));
    }

    /** The value rounded to float16 and back. */
    public static float round(float value) {
        return toFloat(fromFloat(value));
    }
}
