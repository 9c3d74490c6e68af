package dev.koine.engine.linalg;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class Float16Test {

    @Test
    void everyFloat16ComesBackFromFloat32() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = Float16.toFloat((short) bits);
            if (Float.isNaN(value)) {
                assertThat(Float16.toFloat(Float16.fromFloat(value))).isNaN();
            } else {
                assertThat(Float16.fromFloat(value)).isEqualTo((short) bits);
                assertThat((double) value).isEqualTo(defined(bits));
            }
        }
    }

    @Test
    void betweenTwoNeighboursTheNearerOneIsTakenAndTheEvenOneInTheMiddle() {
        for (int bits = 0; bits < 0x7bff; bits++) {
            float lower = Float16.toFloat((short) bits);
            float upper = Float16.toFloat((short) (bits + 1));
            float middle = (lower + upper) / 2;
            int even = bits % 2 == 0 ? bits : bits + 1;
            assertThat(Float16.fromFloat(middle)).isEqualTo((short) even);
            assertThat(Float16.fromFloat(-middle)).isEqualTo((short) (even | 0x8000));
            assertThat(Float16.fromFloat(Math.nextDown(middle))).isEqualTo((short) bits);
            assertThat(Float16.fromFloat(Math.nextUp(middle))).isEqualTo((short) (bits + 1));
        }
    }

    @Test
    void beyondTheRangeLiesInfinity() {
        assertThat(Float16.round(Math.nextDown(65520f))).isEqualTo(Float16.MAX_VALUE);
        assertThat(Float16.round(65520f)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(Float16.round(-Float.MAX_VALUE)).isEqualTo(Float.NEGATIVE_INFINITY);
        assertThat(Float16.round(Float.MIN_VALUE)).isZero();
    }

    private static double defined(int bits) {
        int exponent = bits >>> 10 & 0x1f;
        int fraction = bits & 0x3ff;
        double magnitude = exponent == 31
                ? Double.POSITIVE_INFINITY
                : exponent == 0 ? fraction * 0x1p-24 : Math.scalb(1 + fraction / 1024.0, exponent - 15);
        return bits >= 0x8000 ? -magnitude : magnitude;
    }
}
