package dev.koine.subscriber;

import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A model that counts its holders (the slot it serves in, and leases) and is closed by the last of them. */
final class SharedModel<M extends AutoCloseable> {
    private static final Logger LOG = LoggerFactory.getLogger(SharedModel.class);

    private final M model;
    private final ServedVersion version;
    private final AtomicInteger holders = new AtomicInteger(1);

    /** A model that has its first holder. */
    SharedModel(M model, ServedVersion version) {
        this.model = model;
        this.version = version;
    }

    M model() {
        return model;
    }

    ServedVersion version() {
        return version;
    }

    /** One more holder, unless the last one has gone. */
    boolean retain() {
        for (int n = holders.get(); n > 0; n = holders.get()) {
            if (holders.compareAndSet(n, n + 1)) {
                return true;
            }
        }
        return false;
    }

    void release() {
        if (holders.decrementAndGet() == 0) {
            try {
                model.close();
            } catch (Throwable e) {
                LOG.warn("Version {} did not close; its memory may not be freed.", version.version(), e);
            }
        }
    }
}
