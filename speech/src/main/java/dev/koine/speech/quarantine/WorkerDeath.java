package dev.koine.speech.quarantine;

/** A worker ended, or was ended, before it answered. */
final class WorkerDeath extends Exception {
    private static final long serialVersionUID = 1L;

    /** Why. */
    enum Cause {
        /** By itself, or by a signal that its own doings raised. */
        CRASHED,
        /** By the signal that nobody can catch: the operating system was short of memory, or a person sent it. */
        KILLED,
        /** It took too long. */
        TOO_SLOW,
        /** It took too much memory. */
        TOO_LARGE
    }

    private final Cause cause;
    private final String stage;

    /**
     * @param message how it ended and what was printed: words that go on from "the process"
     * @param stage what it was doing
     */
    WorkerDeath(Cause cause, String message, String stage) {
        super(message);
        this.cause = cause;
        this.stage = stage;
    }

    Cause kind() {
        return cause;
    }

    String stage() {
        return stage;
    }
}
