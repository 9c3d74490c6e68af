package dev.koine.objectstore;

import dev.koine.engine.store.LocalStore;
import dev.koine.engine.store.StoredArtifact;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;

/**
 * Keeps a local store that only holds copies below a size, as far as possible: what was used within the last hour stays. Looks at most
 * once a minute.
 */
final class CacheLimit {
    private static final Duration IN_USE = Duration.ofHours(1);
    private static final Duration BETWEEN = Duration.ofMinutes(1);
    private static final Duration LONGEST_WRITE = Duration.ofDays(1);

    private final LocalStore cache;
    private final long most;
    private Instant last = Instant.EPOCH;

    /** @param most bytes */
    CacheLimit(LocalStore cache, long most) {
        this.cache = cache;
        this.most = most;
    }

    synchronized void keep(Instant now) throws IOException {
        if (now.isBefore(last.plus(BETWEEN))) {
            return;
        }
        last = now;
        cache.removeUnfinished(now.minus(LONGEST_WRITE));
        List<StoredArtifact> all = cache.list();
        long bytes = all.stream().mapToLong(StoredArtifact::bytes).sum();
        List<StoredArtifact> oldestFirst = all.stream()
                .filter(artifact -> artifact.renewed().isBefore(now.minus(IN_USE)))
                .sorted(Comparator.comparing(StoredArtifact::renewed))
                .toList();
        for (StoredArtifact artifact : oldestFirst) {
            if (bytes <= most) {
                return;
            }
            if (cache.remove(artifact)) {
                bytes -= artifact.bytes();
            }
        }
    }
}
