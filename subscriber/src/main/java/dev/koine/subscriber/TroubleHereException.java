package dev.koine.subscriber;

import java.io.IOException;

/** What a {@link VersionLoader} throws where this service has trouble of its own: the version is as good as before, and is tried again. */
public final class TroubleHereException extends IOException {
    private static final long serialVersionUID = 1L;

    /** @param message what cannot be done here, in a sentence */
    public TroubleHereException(String message) {
        super(message);
    }

    /** @param message what cannot be done here, in a sentence */
    public TroubleHereException(String message, Throwable cause) {
        super(message, cause);
    }
}
