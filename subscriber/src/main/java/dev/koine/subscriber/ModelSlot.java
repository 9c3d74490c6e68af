package dev.koine.subscriber;

import org.jspecify.annotations.Nullable;

/**
 * Where the serving model stands. Taking a lease never waits: it reads the current model and raises its count, and tries again in
 * the rare case that the model was replaced and given back by everybody in between.
 */
final class ModelSlot<M extends AutoCloseable> {
    private volatile @Nullable SharedModel<M> current;

    /** A lease on the current model, or null if there is none. */
    @Nullable
    Lease<M> acquire() {
        for (SharedModel<M> shared = current; shared != null; shared = current) {
            if (shared.retain()) {
                return new Lease<>(shared);
            }
        }
        return null;
    }

    @Nullable
    ServedVersion version() {
        SharedModel<M> shared = current;
        return shared == null ? null : shared.version();
    }

    /** Puts another model, or none, in place of the current one, which is closed when its last lease is returned. */
    synchronized void swap(@Nullable SharedModel<M> next) {
        SharedModel<M> old = current;
        current = next;
        if (old != null) {
            old.release();
        }
    }
}
