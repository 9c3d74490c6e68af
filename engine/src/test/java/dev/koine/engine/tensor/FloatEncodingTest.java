package dev.koine.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FloatEncodingTest {

    @Test
    void decodesEveryFloat16() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = FloatEncoding.fromFloat16((short) bits);
            int exponent = (bits >> 10) & 31;
            int fraction = bits & 1023;
            double magnitude = exponent == 0
                    ? Math.scalb((double) fraction, -24)
                    : Math.scalb(1.0 + fraction / 1024.0, exponent - 15);
            if (exponent == 31) {
                magnitude = fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
            }
            assertThat(Float.valueOf(value))
                    .isEqualTo(Float.valueOf((float) (bits < 1 << 15 ? magnitude : -magnitude)));
        }
    }

    @Test
    void encodesEveryFloat16AndBfloat16ToItself() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float half = FloatEncoding.fromFloat16((short) bits);
            float brain = FloatEncoding.fromBfloat16((short) bits);
            if (Float.isNaN(half)) {
                assertThat(FloatEncoding.fromFloat16(FloatEncoding.toFloat16(half)))
                        .isNaN();
            } else {
                assertThat(FloatEncoding.toFloat16(half)).isEqualTo((short) bits);
            }
            if (Float.isNaN(brain)) {
                assertThat(FloatEncoding.fromBfloat16(FloatEncoding.toBfloat16(brain)))
                        .isNaN();
            } else {
                assertThat(FloatEncoding.toBfloat16(brain)).isEqualTo((short) bits);
            }
        }
    }

    @Test
    void roundsTheMiddleOfTwoNeighboursToTheEvenOne() {
        for (int bits = 0; bits < 0x7bff; bits++) {
            float low = FloatEncoding.fromFloat16((short) bits);
            float high = FloatEncoding.fromFloat16((short) (bits + 1));
            float middle = (low + high) / 2;
            short even = (short) (bits % 2 == 0 ? bits : bits + 1);
            assertThat(FloatEncoding.toFloat16(middle)).isEqualTo(even);
            assertThat(FloatEncoding.toFloat16(Math.nextUp(middle))).isEqualTo((short) (bits + 1));
            assertThat(FloatEncoding.toFloat16(Math.nextDown(middle))).isEqualTo((short) bits);
        }
        assertThat(FloatEncoding.toFloat16(65519.996f)).isEqualTo((short) 0x7bff);
        assertThat(FloatEncoding.toFloat16(65520f)).isEqualTo((short) 0x7c00);
        assertThat(FloatEncoding.toFloat16(Float.MAX_VALUE)).isEqualTo((short) 0x7c00);
        assertThat(FloatEncoding.toFloat16(-Float.MIN_VALUE)).isEqualTo((short) 0x8000);
    }

    @Test
    void roundsBfloat16ToTheNearest() {
        Random random = new Random(7);
        for (int i = 0; i < 20_000; i++) {
            float value = Float.intBitsToFloat(random.nextInt());
            int low = Float.floatToRawIntBits(value) >>> 16;
            float down = FloatEncoding.fromBfloat16((short) low);
            float up = FloatEncoding.fromBfloat16((short) (low + 1));
            if (Float.isNaN(value) || Float.isInfinite(down) || !Float.isFinite(up)) {
                continue;
            }
            BigDecimal exact = new BigDecimal(value);
            int order = exact.subtract(new BigDecimal(down))
                    .abs()
                    .compareTo(new BigDecimal(up).subtract(exact).abs());
            int expected = order < 0 || (order == 0 && low % 2 == 0) ? low : low + 1;
            assertThat(FloatEncoding.toBfloat16(value)).isEqualTo((short) expected);
        }
        assertThat(FloatEncoding.toBfloat16(Float.MAX_VALUE)).isEqualTo((short) 0x7f80);
        assertThat(FloatEncoding.toBfloat16(Float.intBitsToFloat(0x7f800001))).isEqualTo((short) 0x7fc0);
    }

    /** Task vectors had a codec of their own once: their bytes, and so their digests, are the same with this one. */
    @Test
    void numbersAreWhatTheFormerCodecOfTaskVectorsMadeOfThem() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            assertThat(Float.floatToRawIntBits(FloatEncoding.fromFloat16((short) bits)))
                    .isEqualTo(Float.floatToRawIntBits(formerToFloat((short) bits)));
        }
        Random random = new Random(11);
        for (int high = 0; high < 1 << 19; high++) {
            for (int low : new int[] {0, 1, 0x1000 - 1, 0x1000, 0x1000 + 1, 0x1fff, random.nextInt(0x2000)}) {
                float value = Float.intBitsToFloat(high << 13 | low);
                if (!Float.isNaN(value) && FloatEncoding.toFloat16(value) != formerFromFloat(value)) {
                    assertThat(FloatEncoding.toFloat16(value))
                            .as("of %s", value)
                            .isEqualTo(formerFromFloat(value));
                }
            }
        }
    }

    @Test
    void aNanKeepsItsSignAndTheUpperBitsOfItsPayloadAndComesOutQuiet() {
        assertThat(FloatEncoding.toFloat16(Float.NaN)).isEqualTo((short) 0x7e00);
        assertThat(FloatEncoding.toFloat16(Float.intBitsToFloat(0xff80_2000))).isEqualTo((short) 0xfe01);
        assertThat(FloatEncoding.toFloat16(Float.intBitsToFloat(0x7f80_0001))).isEqualTo((short) 0x7e00);
        assertThat(Float.floatToRawIntBits(FloatEncoding.fromFloat16((short) 0xfe01)))
                .isEqualTo(0xffc0_2000);
        for (ElementType type : new ElementType[] {ElementType.FLOAT, ElementType.FLOAT16, ElementType.BFLOAT16}) {
            assertThat(FloatEncoding.rounded(type, Float.NaN)).isNaN();
        }
    }

    private static short formerFromFloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        int magnitude = bits & 0x7fffffff;
        int half;
        if (magnitude >= 0x47800000) {
            half = magnitude > 0x7f800000 ? 0x7e00 : 0x7c00;
        } else if (magnitude < 0x38800000) {
            half = Float.floatToRawIntBits(Float.intBitsToFloat(magnitude) + 0.5f) - 0x3f000000;
        } else {
            half = magnitude - (112 << 23) + 0xfff + (magnitude >>> 13 & 1) >>> 13;
        }
        return (short) (sign | half);
    }

    private static float formerToFloat(short half) {
        int sign = (half & 0x8000) << 16;
        int magnitude = half & 0x7fff;
        if (magnitude >= 0x7c00) {
            return Float.intBitsToFloat(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
        }
        float value = Float.intBitsToFloat(magnitude << 13) * 0x1p112f;
        return Float.intBitsToFloat(sign | Float.floatToRawIntBits(value));
    }
}
