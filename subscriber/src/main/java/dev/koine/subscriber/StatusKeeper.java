package dev.koine.subscriber;

import dev.koine.schemas.ModelUpdate;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How a subscriber stands: noted by its thread, asked for by any. */
final class StatusKeeper {
    private volatile long newest = -1;
    private volatile @Nullable Long behindSinceNanos;
    private volatile Served served = Served.NOTHING;
    private volatile long refused;
    private volatile long troubles;
    private volatile long patched;
    private volatile long fetchedBytes;

    private record Served(long swaps, Duration fromEvent, Duration install) {
        static final Served NOTHING = new Served(0, Duration.ZERO, Duration.ZERO);
    }

    /** The topic has shown a version that is to be served, or passed over for one that is newer. */
    void announced(ModelUpdate update, @Nullable ServedVersion serving) {
        newest = Math.max(newest, update.getVersion());
        boolean isNewer = serving == null || update.getVersion() > serving.version();
        if (isNewer && behindSinceNanos == null) {
            behindSinceNanos = System.nanoTime();
        }
    }

    /** All that was shown is served, passed over or refused. */
    void upToDate() {
        behindSinceNanos = null;
    }

    /** @param installNanos what it took until the version served */
    void served(ServedVersion version, long installNanos) {
        Duration fromEvent =
                Duration.between(version.update().getCause().getPosition().getTimestamp(), version.since());
        served = new Served(
                served.swaps() + 1, fromEvent.isNegative() ? Duration.ZERO : fromEvent, Duration.ofNanos(installNanos));
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // written by one thread
    void refused() {
        refused++;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // written by one thread
    void trouble() {
        troubles++;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // written by one thread
    void fetched(Fetched how) {
        fetchedBytes += how.bytes();
        patched += how.isComputed() ? 1 : 0;
    }

    SubscriberStatus at(@Nullable ServedVersion serving) {
        Served last = served;
        Long since = behindSinceNanos;
        return new SubscriberStatus(
                serving,
                newest,
                since == null ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - since),
                last.fromEvent(),
                last.install(),
                last.swaps(),
                refused,
                troubles,
                patched,
                fetchedBytes);
    }
}
