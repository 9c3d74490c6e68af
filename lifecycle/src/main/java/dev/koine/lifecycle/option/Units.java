package dev.koine.lifecycle.option;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads durations and sizes as Flink does, such as {@code 30 min} and {@code 20 gb}; without a unit, milliseconds and bytes. */
public final class Units {
    private static final Pattern FORM = Pattern.compile("(\\d{1,19}) *([a-zµ]*)");

    private static final Map<String, ChronoUnit> DURATIONS = labels(Map.of(
            ChronoUnit.NANOS, "ns nano nanos nanosecond nanoseconds",
            ChronoUnit.MICROS, "µs micro micros microsecond microseconds",
            ChronoUnit.MILLIS, "ms milli millis millisecond milliseconds",
            ChronoUnit.SECONDS, "s sec secs second seconds",
            ChronoUnit.MINUTES, "m min minute minutes",
            ChronoUnit.HOURS, "h hour hours",
            ChronoUnit.DAYS, "d day days"));

    /** Units as powers of two. */
    private static final Map<String, Integer> SIZES = labels(Map.of(
            0, "b bytes",
            10, "k kb kibibytes",
            20, "m mb mebibytes",
            30, "g gb gibibytes",
            40, "t tb tebibytes"));

    private static final Duration LONGEST = Duration.ofMillis(Long.MAX_VALUE);

    private Units() {}

    private static <U> Map<String, U> labels(Map<U, String> units) {
        Map<String, U> labels = new HashMap<>();
        units.forEach((unit, names) -> List.of(names.split(" ")).forEach(name -> labels.put(name, unit)));
        return Map.copyOf(labels);
    }

    /** @throws IllegalArgumentException if it is no duration, or one that is too long */
    public static Duration duration(String value) {
        Matcher said = said(value);
        String unit = said.group(2);
        @Nullable ChronoUnit known = unit.isEmpty() ? ChronoUnit.MILLIS : DURATIONS.get(unit);
        if (known == null) {
            throw new IllegalArgumentException("'" + value + "' has no unit of time");
        }
        try {
            Duration duration = Duration.of(Long.parseLong(said.group(1)), known);
            if (duration.compareTo(LONGEST) <= 0) {
                return duration;
            }
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("'" + value + "' is too long", e);
        }
        throw new IllegalArgumentException("'" + value + "' is too long");
    }

    /** @throws IllegalArgumentException if it is no size in bytes, or one that is too large */
    public static long bytes(String value) {
        Matcher said = said(value);
        @Nullable Integer shift = said.group(2).isEmpty() ? Integer.valueOf(0) : SIZES.get(said.group(2));
        if (shift == null) {
            throw new IllegalArgumentException("'" + value + "' has no unit of size");
        }
        try {
            return Math.multiplyExact(Long.parseLong(said.group(1)), 1L << shift);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("'" + value + "' is too large", e);
        }
    }

    private static Matcher said(String value) {
        Matcher said = FORM.matcher(value.strip().toLowerCase(Locale.ROOT));
        if (!said.matches()) {
            throw new IllegalArgumentException("'" + value + "' is no number with a unit");
        }
        return said;
    }
}
