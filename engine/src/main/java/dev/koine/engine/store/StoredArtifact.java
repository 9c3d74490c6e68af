package dev.koine.engine.store;

import java.time.Instant;
import org.apiguardian.api.API;

/**
 * Something that a store holds.
 *
 * @param digest {@code sha256:} and 64 hexadecimal digits
 * @param bytes its size
 * @param renewed when it was put last
 */
@API(status = API.Status.MAINTAINED)
public record StoredArtifact(Kind kind, String digest, long bytes, Instant renewed) {
    /** How it is kept. */
    public enum Kind {
        /** One file: a piece of a task vector, a list of them, a plan. */
        FILE,
        /** A folder of files: a model. */
        BUNDLE
    }
}
