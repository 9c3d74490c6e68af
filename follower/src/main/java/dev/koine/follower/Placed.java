package dev.koine.follower;

import dev.koine.schemas.ModelUpdate;
import java.nio.file.Path;

/**
 * A version whose files lie in the folder, whole.
 *
 * @param update its announcement; to be left as it is
 * @param directory of its files, {@code versions/<n>}
 */
public record Placed(ModelUpdate update, Path directory) implements AutoCloseable {
    public long version() {
        return update.getVersion();
    }

    /** Does nothing: what is old goes when something newer has come. */
    @Override
    public void close() {}
}
