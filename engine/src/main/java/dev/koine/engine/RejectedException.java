package dev.koine.engine;

/**
 * Bad input: an event, a file or a tensor is refused for a reason that lies in it. Trying again gives the same answer, so it
 * never counts as trouble of our own (that is an {@link java.io.IOException}).
 */
public final class RejectedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final RejectionCode code;

    /**
     * @param code what kind of refusal this is
     * @param message what is wrong, where, and what to do about it, in sentences a person can act on
     */
    public RejectedException(RejectionCode code, String message) {
        super(message);
        this.code = code;
    }

    public RejectionCode code() {
        return code;
    }
}
