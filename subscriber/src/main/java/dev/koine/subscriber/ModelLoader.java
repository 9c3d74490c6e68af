package dev.koine.subscriber;

import dev.koine.schemas.ModelUpdate;
import java.nio.file.Path;

/**
 * Makes a model of the files of a version. It runs beside the model that is serving; what it throws refuses the version, so a
 * warm-up call on known input belongs in here. A {@link TroubleHereException} is tried again.
 *
 * @param <M> the model
 */
@FunctionalInterface
public interface ModelLoader<M extends AutoCloseable> {
    /**
     * Opens a model, ready to serve.
     *
     * @param directory a verified copy of the version's bundle, on local disk; not to be written to
     * @throws Exception if this version is not to be served
     */
    M load(Path directory) throws Exception;

    /**
     * As {@link #load(Path)}, which it calls unless it is overridden, for one that has to know which version it is.
     *
     * @param update its announcement; to be left as it is
     */
    default M load(ModelUpdate update, Path directory) throws Exception {
        return load(directory);
    }
}
