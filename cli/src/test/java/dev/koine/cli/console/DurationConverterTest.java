package dev.koine.cli.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.apache.flink.util.TimeUtils;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class DurationConverterTest {
    @ParameterizedTest
    @ValueSource(strings = {"0 s", "30 min", "7d", " 12 h ", "250 ms", "5 m", "1 d"})
    void readsWhatTheJobsOptionsRead(String value) {
        Duration read = new DurationConverter().convert(value);
        assertThat(read).isEqualTo(TimeUtils.parseDuration(value));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "d", "-1 d", "1.5 h", "30", "7 parsecs", "999999999999999 d", "9999999999999999 s"})
    void saysHowToWriteOne(String value) {
        assertThatThrownBy(() -> new DurationConverter().convert(value))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("'" + value + "'");
    }
}
