package dev.koine.subscriber;

import dev.koine.engine.RejectedException;
import java.io.IOException;
import java.nio.file.Path;

/** Tries a version before it is loaded in this process, such as in one of its own, which it may kill. */
@FunctionalInterface
public interface ModelTrial {
    /**
     * @param directory a version's files, verified
     * @throws RejectedException if this service could not serve it
     * @throws IOException if it could not be tried; worth another try
     */
    void require(Path directory) throws RejectedException, IOException;
}
