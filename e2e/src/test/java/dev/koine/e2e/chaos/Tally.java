package dev.koine.e2e.chaos;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The result of a run, to be read by a person. */
final class Tally {
    private final StringBuilder text = new StringBuilder();

    void line(String format, Object... values) {
        text.append(String.format(format, values)).append('\n');
    }

    /**
     * Faults by kind, and how long it took to recover from those that came alone: from the blow, with the outage, to the first
     * outcome that was not done before it.
     *
     * @param outcomes when they were read
     */
    void faults(List<Storm.Struck> struck, List<Instant> outcomes) {
        Map<String, List<Double>> byKind = new TreeMap<>();
        Map<String, Integer> counts = new TreeMap<>();
        for (Storm.Struck fault : struck) {
            counts.merge(fault.fault().what(), 1, Integer::sum);
            Instant from = fault.at().plus(Storm.COMMIT);
            List<Double> seconds = byKind.computeIfAbsent(fault.fault().what(), kind -> new ArrayList<>());
            if (!fault.alone()) {
                continue;
            }
            outcomes.stream()
                    .filter(outcome -> outcome.isAfter(from))
                    .findFirst()
                    .ifPresent(outcome ->
                            seconds.add(Duration.between(fault.at(), outcome).toMillis() / 1000.0));
        }
        line("%-26s %5s  %s", "fault", "count", "alone  seconds from blow to next outcome: median, longest");
        byKind.forEach((kind, seconds) -> {
            Collections.sort(seconds);
            line(
                    "%-26s %5d  %5d  %s",
                    kind,
                    counts.getOrDefault(kind, 0),
                    seconds.size(),
                    seconds.isEmpty()
                            ? ""
                            : String.format(
                                    "%5.1f  %5.1f", seconds.get(seconds.size() / 2), seconds.get(seconds.size() - 1)));
        });
    }

    /** How long it took from the end of each burst of faults to the next outcome. */
    void recoveries(List<Duration> recoveries) {
        List<Long> millis = recoveries.stream().map(Duration::toMillis).sorted().toList();
        line(
                "Recovered after %d bursts of faults: from the end of the burst to the next outcome %.1f s in the median, %.1f s"
                        + " in 9 of 10, %.1f s at most.",
                millis.size(),
                millis.get(millis.size() / 2) / 1000.0,
                millis.get(millis.size() * 9 / 10) / 1000.0,
                millis.get(millis.size() - 1) / 1000.0);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
