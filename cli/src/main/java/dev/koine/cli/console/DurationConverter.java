package dev.koine.cli.console;

import dev.koine.lifecycle.option.Units;
import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads durations such as {@code 30 min} or {@code 7 d}, as the job's options have them. */
public final class DurationConverter implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String value) {
        try {
            return Units.duration(value);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException("'" + value + "' is no duration; write it like 30 min or 7 d");
        }
    }
}
