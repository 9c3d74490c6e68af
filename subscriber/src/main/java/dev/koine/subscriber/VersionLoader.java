package dev.koine.subscriber;

import dev.koine.schemas.ModelUpdate;
import java.nio.file.Path;

/**
 * A {@link ModelLoader} that has to know which version it is, and may have trouble of its own.
 *
 * @param <M> the model
 */
@FunctionalInterface
public interface VersionLoader<M extends AutoCloseable> {
    /**
     * Opens a model, ready to serve.
     *
     * @param update its announcement; to be left as it is
     * @param directory a verified copy of the version's bundle, on local disk; not to be written to
     * @throws TroubleHereException if this version is as good as before, and to be tried again
     * @throws Exception any other, if this version is not to be served
     */
    M load(ModelUpdate update, Path directory) throws Exception;
}
