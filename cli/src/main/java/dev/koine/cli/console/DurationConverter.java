package dev.koine.cli.console;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads durations such as {@code 30 min} or {@code 7 d}, as the job's options have them, without Flink. */
public final class DurationConverter implements ITypeConverter<Duration> {
    private static final Pattern FORM = Pattern.compile("(\\d{1,15}) *([a-z]+)");
    private static final Map<String, ChronoUnit> UNITS = Map.of(
            "ms", ChronoUnit.MILLIS,
            "s", ChronoUnit.SECONDS,
            "min", ChronoUnit.MINUTES,
            "m", ChronoUnit.MINUTES,
            "h", ChronoUnit.HOURS,
            "d", ChronoUnit.DAYS);

    @Override
    public Duration convert(String value) {
        Matcher said = FORM.matcher(value.strip());
        @Nullable ChronoUnit unit = said.matches() ? UNITS.get(said.group(2)) : null;
        try {
            if (unit != null) {
                return Duration.of(Long.parseLong(said.group(1)), unit);
            }
        } catch (ArithmeticException tooLong) {
            throw new TypeConversionException("'" + value + "' is too long a duration");
        }
        throw new TypeConversionException("'" + value + "' is no duration; write it like 30 min or 7 d");
    }
}
