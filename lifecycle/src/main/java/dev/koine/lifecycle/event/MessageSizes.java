package dev.koine.lifecycle.event;

/**
 * How large the job's own events may grow, beside {@link dev.koine.events.EventSize} for what comes in. Kafka refuses a message above 1 MiB unless every topic, producer and broker is told otherwise, and what
 * the job cannot write would stop it; so it refuses in time what would lead there.
 */
public final class MessageSizes {
    /** Most bytes of an update; every expert inside adds its languages and tasks. */
    public static final int MOST_UPDATE = 768 << 10;

    /** Most bytes of an original key and value that a rejection repeats. */
    public static final int MOST_REPEATED = 640 << 10;

    /** Most characters of a rejection's message. */
    public static final int MOST_MESSAGE = 8 << 10;

    private MessageSizes() {}
}
