package dev.koine.engine.tensor;

import java.nio.ByteBuffer;

/**
 * The three float encodings of weights and task vectors: float32, float16 (IEEE 754 binary16) and bfloat16, little-endian. Decoding is
 * exact for every bit pattern; encoding rounds to nearest, ties to even, and overflows to infinity, as IEEE 754 says. NaN stays NaN: it
 * keeps its sign and the upper bits of its payload, and comes out quiet, as processors convert it.
 */
public final class FloatEncoding {
    private static final float[] FLOAT16_VALUES = float16Values();

    private FloatEncoding() {}

    /**
     * Reads {@code count} elements from the buffer's position on, which moves behind them.
     *
     * @param type FLOAT, FLOAT16 or BFLOAT16
     * @param source a little-endian buffer
     */
    public static void decode(ElementType type, ByteBuffer source, float[] target, int at, int count) {
        switch (type) {
            case FLOAT -> source.asFloatBuffer().get(target, at, count);
            case FLOAT16 -> {
                var shorts = source.asShortBuffer();
                for (int i = 0; i < count; i++) {
                    target[at + i] = FLOAT16_VALUES[shorts.get(i) & 0xffff];
                }
            }
            case BFLOAT16 -> {
                var shorts = source.asShortBuffer();
                for (int i = 0; i < count; i++) {
                    target[at + i] = fromBfloat16(shorts.get(i));
                }
            }
            default -> throw new IllegalArgumentException("Tensors of type " + type + " are never merged.");
        }
        source.position(source.position() + count * type.bytes());
    }

    /**
     * Writes {@code count} elements from the buffer's position on, which moves behind them.
     *
     * @param type FLOAT, FLOAT16 or BFLOAT16
     * @param target a little-endian buffer
     */
    public static void encode(ElementType type, float[] source, int at, int count, ByteBuffer target) {
        switch (type) {
            case FLOAT -> target.asFloatBuffer().put(source, at, count);
            case FLOAT16 -> {
                var shorts = target.asShortBuffer();
                for (int i = 0; i < count; i++) {
                    shorts.put(i, toFloat16(source[at + i]));
                }
            }
            case BFLOAT16 -> {
                var shorts = target.asShortBuffer();
                for (int i = 0; i < count; i++) {
                    shorts.put(i, toBfloat16(source[at + i]));
                }
            }
            default -> throw new IllegalArgumentException("Tensors of type " + type + " are never merged.");
        }
        target.position(target.position() + count * type.bytes());
    }

    /** The value that is left of one when it is kept as {@code type}: FLOAT, FLOAT16 or BFLOAT16. */
    public static float rounded(ElementType type, float value) {
        return switch (type) {
            case FLOAT16 -> fromFloat16(toFloat16(value));
            case BFLOAT16 -> fromBfloat16(toBfloat16(value));
            default -> value;
        };
    }

    /** Makes each of the first {@code count} values what is left of it when it is kept as {@code type}. */
    public static void round(ElementType type, float[] values, int count) {
        for (int i = 0; i < count; i++) {
            values[i] = rounded(type, values[i]);
        }
    }

    /** The value of float16 bits. */
    public static float fromFloat16(short bits) {
        return FLOAT16_VALUES[bits & 0xffff];
    }

    /** The value of bfloat16 bits. */
    public static float fromBfloat16(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /** The float16 bits nearest to a value; ties to even. */
    public static short toFloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = (bits >>> 16) & 0x8000;
        int magnitude = bits & 0x7fffffff;
        int half;
        if (magnitude > 0x7f800000) {
            half = 0x7e00 | ((magnitude >>> 13) & 0x3ff);
        } else if (magnitude >= 0x477ff000) {
            half = 0x7c00;
        } else if (magnitude < 0x38800000) {
            half = Float.floatToRawIntBits(Float.intBitsToFloat(magnitude) + 0.5f) - 0x3f000000;
        } else {
            half = (magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13;
        }
        return (short) (sign | half);
    }

    /** The bfloat16 bits nearest to a value; ties to even. */
    public static short toBfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if ((bits & 0x7fffffff) > 0x7f800000) {
            return (short) ((bits >>> 16) | 0x40);
        }
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }

    private static float[] float16Values() {
        float[] values = new float[1 << 16];
        for (int bits = 0; bits < values.length; bits++) {
            int exponent = (bits >>> 10) & 0x1f;
            int fraction = bits & 0x3ff;
            int sign = (bits & 0x8000) << 16;
            if (exponent == 0) {
                float magnitude = fraction * 0x1p-24f;
                values[bits] = sign == 0 ? magnitude : -magnitude;
            } else {
                int widened = exponent == 0x1f ? 0xff : exponent + 112;
                values[bits] = Float.intBitsToFloat(sign | widened << 23 | fraction << 13);
            }
        }
        return values;
    }
}
