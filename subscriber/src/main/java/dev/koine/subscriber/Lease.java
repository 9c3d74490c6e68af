package dev.koine.subscriber;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The right to use one model. The model stays open until the lease is closed, whatever is swapped in meanwhile. Hold a lease for
 * one call or one utterance, not for long: old models stay in memory while they are leased.
 *
 * @param <M> the model
 */
public final class Lease<M extends AutoCloseable> implements AutoCloseable {
    private final SharedModel<M> shared;
    private final AtomicBoolean returned = new AtomicBoolean();

    Lease(SharedModel<M> shared) {
        this.shared = shared;
    }

    /**
     * The leased model. Do not close it.
     *
     * @throws IllegalStateException if the lease has been returned
     */
    public M model() {
        if (returned.get()) {
            throw new IllegalStateException(
                    "This lease has been returned and its model may be closed. Acquire another.");
        }
        return shared.model();
    }

    /** Which version the model is. */
    public ServedVersion version() {
        return shared.version();
    }

    /** Returns the lease; further calls do nothing. The last lease of a replaced model closes the model on this thread. */
    @Override
    public void close() {
        if (returned.compareAndSet(false, true)) {
            shared.release();
        }
    }
}
