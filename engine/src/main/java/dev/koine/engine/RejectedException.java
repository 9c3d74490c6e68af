package dev.koine.engine;

/**
 * Bad input: an event, a file or a tensor is refused for a reason that lies in it. Trying again gives the same answer, so it
 * never counts as trouble of our own (that is an {@link java.io.IOException}).
 */
public class RejectedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final RejectionCode code;
    private final boolean isNamed;

    /**
     * @param code what kind of refusal this is
     * @param message what is wrong, where, and what to do about it, in sentences a person can act on
     */
    public RejectedException(RejectionCode code, String message) {
        this(code, message, false);
    }

    private RejectedException(RejectionCode code, String message, boolean isNamed) {
        super(message);
        this.code = code;
        this.isNamed = isNamed;
    }

    /** This refusal with its input named first; one whose input is named stays as it is. */
    public RejectedException about(Input input) {
        if (isNamed) {
            return this;
        }
        RejectedException named = new RejectedException(code, input.name() + ": " + getMessage(), true);
        named.initCause(this);
        return named;
    }

    public RejectionCode code() {
        return code;
    }
}
