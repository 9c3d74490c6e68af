package dev.koine.subscriber;

import dev.koine.engine.Backoff;
import dev.koine.schemas.ModelUpdate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** Refused versions that may turn out well without a new announcement, each with growing pauses. For one thread. */
final class LookedAtAgain {
    private static final Duration FIRST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofMinutes(10);

    private final TreeMap<Long, Waiting> versions = new TreeMap<>();

    private record Waiting(ModelUpdate update, Backoff backoff, long dueNanos) {
        static Waiting next(ModelUpdate update, Backoff backoff, long nowNanos) {
            return new Waiting(update, backoff, nowNanos + backoff.next().toNanos());
        }
    }

    /** Notes a version that was refused; one that is known goes on with its pauses. */
    void note(ModelUpdate update, long nowNanos) {
        versions.computeIfAbsent(
                update.getVersion(), number -> Waiting.next(update, new Backoff(FIRST, LONGEST), nowNanos));
    }

    /** Those whose pause is over, which begins anew. */
    List<ModelUpdate> due(long nowNanos) {
        List<ModelUpdate> due = new ArrayList<>();
        versions.replaceAll((number, waiting) -> {
            if (nowNanos - waiting.dueNanos() < 0) {
                return waiting;
            }
            due.add(waiting.update());
            return Waiting.next(waiting.update(), waiting.backoff(), nowNanos);
        });
        return due;
    }

    void forget(long version) {
        versions.remove(version);
    }

    /** Forgets a version and all that are older. */
    void forgetUpTo(long version) {
        versions.headMap(version, true).clear();
    }
}
