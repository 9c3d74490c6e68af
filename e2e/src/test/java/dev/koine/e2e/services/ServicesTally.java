package dev.koine.e2e.services;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The result of a run, to be read by a person. */
final class ServicesTally {
    private ServicesTally() {}

    /** What happened. */
    static String of(long seed, Rig rig, Barrage barrage, Duration took) throws Exception {
        StringBuilder tally = new StringBuilder();
        Map<String, Integer> struck = barrage.struck();
        int faults = struck.values().stream().mapToInt(count -> count).sum();
        tally.append(String.format("Seed %d: %d faults in %d s.%n", seed, faults, took.toSeconds()));
        struck.forEach((what, count) -> tally.append(String.format("%-30s %5d%n", what, count)));
        List<Long> millis = new ArrayList<>(
                barrage.recoveries().stream().map(Duration::toMillis).sorted().toList());
        tally.append(String.format(
                "After %d bursts all services came to the newest good version: %.1f s in the median, %.1f s at most.%n",
                millis.size(), millis.get(millis.size() / 2) / 1000.0, millis.get(millis.size() - 1) / 1000.0));
        tally.append(String.format("Versions: %s.%n", rig.publisher.counts()));
        tally.append(String.format("Ended by themselves and started again: %s.%n", barrage.restarts()));
        line(tally, rig, Rig.EMBEDDED, rig.embeddedCalls);
        if (rig.hasPython()) {
            line(tally, rig, Rig.PYTHON, rig.pythonCalls);
            tally.append(String.format("%d answers of the HTTP store were spoiled.%n", rig.front.hit()));
        }
        Reasons reasons = Reasons.read(rig.kafka());
        tally.append(String.format(
                "The folder's reader looked %d times in %d starts of its follower, overtaken %d times; %d were wrong. The link was taken back %d times; %d reasons for it are on koine.services.%n",
                rig.reader.looks(),
                rig.process(Rig.FOLLOWER).starts(),
                rig.reader.overtaken(),
                rig.reader.wrong().size(),
                rig.reader.back().size(),
                rig.reader.back().stream()
                        .filter(back -> reasons.tells(Rig.FOLLOWER, back.version()))
                        .count()));
        tally.append(String.format("Reports on koine.services: %s.%n", reasons.counts()));
        return tally.toString();
    }

    private static void line(StringBuilder tally, Rig rig, String name, Calls calls) {
        tally.append(String.format(
                "%s answered %d calls in %d starts; %d failed; refused: %s.%n",
                name,
                calls.answered(),
                rig.process(name).starts(),
                calls.failures().size(),
                calls.refused().stream()
                        .map(refusal -> refusal.replaceAll("^\\d+ ", ""))
                        .collect(Collectors.groupingBy(code -> code, TreeMap::new, Collectors.counting()))));
    }
}
