package dev.koine.engine.store;

import java.io.IOException;

/** A store's artifact has other contents than its digest says. */
public final class DamagedException extends IOException {
    private static final long serialVersionUID = 1L;

    public DamagedException(String message) {
        super(message);
    }
}
