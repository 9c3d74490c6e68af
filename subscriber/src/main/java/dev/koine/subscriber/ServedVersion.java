package dev.koine.subscriber;

import dev.koine.schemas.ModelUpdate;
import java.nio.file.Path;
import java.time.Instant;

/**
 * A version that serves or has served.
 *
 * @param update its announcement; to be left as it is
 * @param directory the local copy of its bundle
 * @param since when it began to serve
 */
public record ServedVersion(ModelUpdate update, Path directory, Instant since) {
    public long version() {
        return update.getVersion();
    }

    /** The digest of its bundle, {@code sha256:<hex>}. */
    public String digest() {
        return update.getDigest();
    }
}
