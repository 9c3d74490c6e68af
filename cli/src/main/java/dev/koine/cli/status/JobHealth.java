package dev.koine.cli.status;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * The merge job at a moment.
 *
 * @param state Flink's, such as {@code RUNNING}
 * @param since when it was started, or started again
 * @param failures the newest first, as far as Flink remembers them
 * @param truncated whether there were more
 */
public record JobHealth(String state, Instant since, List<Failure> failures, boolean truncated) {
    private static final Duration QUIET = Duration.ofMinutes(1);
    private static final Duration SETTLED = Duration.ofSeconds(5);
    private static final Set<String> STARTING = Set.of("INITIALIZING", "CREATED", "RECONCILING");
    private static final Set<String> ENDED = Set.of("FAILED", "FINISHED", "CANCELED");

    public JobHealth {
        failures = List.copyOf(failures);
    }

    /** Runs, and has not failed for a minute: the job waits half a minute at most before it starts again. */
    public boolean isWell(Instant now) {
        return state.equals("RUNNING") && !hasFailedLately(now);
    }

    private boolean hasFailedLately(Instant now) {
        return !failures.isEmpty() && failures.get(0).at().plus(QUIET).isAfter(now);
    }

    /** The newest failure. */
    public Optional<Failure> last() {
        return failures.stream().findFirst();
    }

    /** How many of the newest failures have the same cause. */
    public int alike() {
        int alike = 0;
        while (alike < failures.size() && failures.get(alike).isLike(failures.get(0))) {
            alike++;
        }
        return alike;
    }

    /** One line, such as {@code is restarting since 12:03:05, 4 times, the last at 12:03:40: <cause>}. */
    public String told(Instant now) {
        if (isWell(now)) {
            return "is running since " + clock(since);
        }
        if (failures.isEmpty()) {
            return STARTING.contains(state) ? "is starting" : "is " + state.toLowerCase(Locale.ROOT);
        }
        if (ENDED.contains(state)) {
            return "has ended: " + failures.get(0).told();
        }
        int alike = alike();
        if (state.equals("RUNNING") && since.plus(SETTLED).isBefore(now)) {
            return "is running again since %s, last failure %d s ago%s: %s"
                    .formatted(
                            clock(since),
                            Duration.between(failures.get(0).at(), now).toSeconds(),
                            alike == 1
                                    ? ""
                                    : ", " + alike + " times since "
                                            + clock(failures.get(alike - 1).at()),
                            failures.get(0).told());
        }
        String times = alike == 1
                ? "once"
                : "%s%d times, the last at %s"
                        .formatted(
                                truncated && alike == failures.size() ? "at least " : "",
                                alike,
                                clock(failures.get(0).at()));
        return "is restarting since %s, %s: %s"
                .formatted(
                        clock(failures.get(alike - 1).at()),
                        times,
                        failures.get(0).told());
    }

    /** The time of day here, to the second. */
    public static String clock(Instant at) {
        return LocalTime.ofInstant(at, ZoneId.systemDefault())
                .truncatedTo(ChronoUnit.SECONDS)
                .format(DateTimeFormatter.ISO_LOCAL_TIME);
    }
}
