package dev.koine.serving;

/**
 * This speech gets no text, and asking again gives the same: it does not fit the model, is no speech at all, or the version that serves
 * has no answer to it. Trouble of our own is a {@link java.io.IOException}.
 */
public final class RefusedSpeechException extends Exception {
    private static final long serialVersionUID = 1L;

    /** @param message what is wrong and what to do, in sentences */
    public RefusedSpeechException(String message) {
        super(message);
    }

    /** @param cause what said so */
    public RefusedSpeechException(String message, Throwable cause) {
        super(message, cause);
    }
}
