package dev.koine.engine.onnx;

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
}
