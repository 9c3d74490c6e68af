package dev.koine.schemas;

/** Bytes that are not one of Koine's events. Reading them again gives the same answer. */
public final class UndecodableException extends Exception {
    private static final long serialVersionUID = 1L;

    /** @param message what was found instead, and what to do about it */
    public UndecodableException(String message) {
        super(message);
    }

    /**
     * @param message what was found instead, and what to do about it
     * @param cause what Avro said
     */
    public UndecodableException(String message, Throwable cause) {
        super(message, cause);
    }
}
