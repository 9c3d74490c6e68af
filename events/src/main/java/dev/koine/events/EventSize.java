package dev.koine.events;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.schemas.EventCodec;
import org.apache.avro.specific.SpecificRecord;

/**
 * How large an event may be, for whoever sends one and for the job that takes it. A model's update repeats its base's list of files and
 * adds what is inside, so this leaves room below the 1 MiB that Kafka takes by default.
 */
public final class EventSize {
    /** Most bytes of an encoded event; 3,000 files with ordinary names take less. */
    public static final int MOST = 256 << 10;

    private EventSize() {}

    /**
     * Requires that an event is not too large. Digests have one length, so this can be asked before a file is hashed.
     *
     * @throws RejectedException {@link RejectionCode#INVALID_EVENT}
     */
    public static <T extends SpecificRecord> void require(T event, Class<T> type) throws RejectedException {
        require(EventCodec.of(type).encode(event).length);
    }

    /**
     * Requires that so many bytes may be an event.
     *
     * @throws RejectedException {@link RejectionCode#INVALID_EVENT}
     */
    public static void require(int bytes) throws RejectedException {
        if (bytes > MOST) {
            throw new RejectedException(
                    RejectionCode.INVALID_EVENT,
                    "The event has " + bytes + " bytes, and " + MOST
                            + " are the most; each file of a bundle takes its path"
                            + " and about 70 bytes more. List fewer files or languages: take out of the folder what the model does not need.");
        }
    }
}
