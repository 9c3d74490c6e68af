package dev.koine.engine.store;

import java.io.IOException;
import org.apiguardian.api.API;

/** A store's artifact has other contents than its digest says. */
@API(status = API.Status.MAINTAINED)
public final class DamagedException extends IOException {
    private static final long serialVersionUID = 1L;

    public DamagedException(String message) {
        super(message);
    }
}
