package dev.koine.flink.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.koine.lifecycle.option.Units;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.util.TimeUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The lifecycle reads durations and sizes without Flink, and to the same values. */
class UnitsTest {
    private static final List<String> TIMES = List.of(
            "", "ns", "us", "µs", "ms", "s", "sec", "secs", "m", "min", "mins", "h", "hour", "hours", "d", "day",
            "days", "milli", "second", "minute", "MIN", "Mb", "x");
    private static final List<String> SIZES =
            List.of("", "b", "bytes", "k", "kb", "m", "mb", "g", "gb", "GB", "t", "tb", "x", "min");

    @Test
    void durationsAreFlinks() {
        for (String number : List.of("0", "1", "90", "007")) {
            for (String unit : TIMES) {
                for (String value : List.of(number + unit, "  " + number + "  " + unit + " ")) {
                    assertThat(read(Units::duration, value)).as(value).isEqualTo(read(TimeUtils::parseDuration, value));
                }
            }
        }
    }

    @Test
    void sizesAreFlinks() {
        for (String number : List.of("0", "1", "90", "007", "9223372036854775807")) {
            for (String unit : SIZES) {
                String value = number + " " + unit;
                assertThat(read(Units::bytes, value)).as(value).isEqualTo(read(MemorySize::parseBytes, value));
            }
        }
        assertThat(Units.bytes("20 gb")).isEqualTo(20L << 30);
    }

    private static <T> Optional<T> read(Function<String, T> reader, String value) {
        try {
            return Optional.of(reader.apply(value));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "d",
                "-1 d",
                "1.5 h",
                "7 parsecs",
                "999999999999999 d",
                "9999999999999999 s",
                "99999999999999999999 s"
            })
    void whatIsNoneIsRefused(String value) {
        assertThatIllegalArgumentException().isThrownBy(() -> Units.duration(value));
    }
}
