package dev.koine.subscriber;

import java.nio.file.Path;

/**
 * Makes a model of the files of a version. It runs beside the model that is serving; what it throws refuses the version, so a
 * warm-up call on known input belongs in here.
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
}
