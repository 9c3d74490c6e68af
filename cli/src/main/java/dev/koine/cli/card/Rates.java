package dev.koine.cli.card;

import dev.koine.schemas.Interval;
import dev.koine.schemas.LanguageScore;
import dev.koine.schemas.Measures;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Error rates as people read them. */
final class Rates {
    private Rates() {}

    /** {@code 41.0 %}. */
    static String percent(double rate) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * rate);
    }

    /** {@code +2.5} or {@code -2.5}: a difference of rates in points. */
    static String points(double difference) {
        return String.format(Locale.ROOT, "%+.1f", 100 * difference);
    }

    /** {@code -6.0 to +1.0}: what a difference of rates may be, in points; empty where that is not known. */
    static String points(@Nullable Interval interval) {
        return interval == null ? "" : points(interval.getLow()) + " to " + points(interval.getHigh());
    }

    /** The error that the gate compares, or that there is none. */
    static String error(@Nullable Measures measures) {
        if (measures == null) {
            return "-";
        }
        return measures.getError() == null ? "failed" : percent(measures.getError());
    }

    /** The mean of some scores' errors; empty where one of them has none. */
    static OptionalDouble mean(List<LanguageScore> scores, Function<LanguageScore, @Nullable Measures> which) {
        double sum = 0;
        for (LanguageScore score : scores) {
            @Nullable Measures measures = which.apply(score);
            if (measures == null || measures.getError() == null) {
                return OptionalDouble.empty();
            }
            sum += measures.getError();
        }
        return scores.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(sum / scores.size());
    }

    /** A number as it is written in a program. */
    static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? Long.toString((long) value)
                : Double.toString(value);
    }

    /** {@code 1.3 s}. */
    static String seconds(long millis) {
        return String.format(Locale.ROOT, "%.1f s", millis / 1000.0);
    }
}
