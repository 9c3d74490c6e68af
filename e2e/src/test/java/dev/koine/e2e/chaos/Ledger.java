package dev.koine.e2e.chaos;

import dev.koine.events.Outcome;
import dev.koine.schemas.Position;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What was sent, and when something became of it. Safe for use by many threads. */
final class Ledger {
    private final Map<String, Workload.Planned> sent = new LinkedHashMap<>();
    private final Map<String, Instant> done = new LinkedHashMap<>();
    private final List<Instant> outcomes = new ArrayList<>();

    synchronized void sent(Position position, Workload.Planned event) {
        sent.put(key(position), event);
    }

    synchronized void seen(Outcome outcome) {
        Instant now = Instant.now();
        if (done.putIfAbsent(key(outcome.event()), now) == null) {
            outcomes.add(now);
        }
    }

    /** How many events have come to nothing yet. */
    synchronized long pending() {
        return sent.keySet().stream()
                .filter(position -> !done.containsKey(position))
                .count();
    }

    synchronized Map<String, Workload.Planned> sent() {
        return new LinkedHashMap<>(sent);
    }

    synchronized List<Instant> outcomes() {
        return List.copyOf(outcomes);
    }

    /** Waits for the first outcome that is read after a time. */
    void awaitOutcomeAfter(Instant time, Duration patience) throws InterruptedException {
        Instant deadline = Instant.now().plus(patience);
        while (Instant.now().isBefore(deadline)) {
            synchronized (this) {
                boolean found =
                        !outcomes.isEmpty() && outcomes.get(outcomes.size() - 1).isAfter(time);
                if (found) {
                    return;
                }
            }
            Thread.sleep(100);
        }
        throw new AssertionError("Nothing became of any event for " + patience.toSeconds() + " s after the last fault; "
                + pending() + " are under way.");
    }

    static String key(Position position) {
        return position.getTopic() + "-" + position.getPartition() + "@" + position.getOffset();
    }
}
