package dev.koine.subscriber;

import dev.koine.engine.RejectedException;
import dev.koine.subscriber.onnx.OnnxOptions;
import dev.koine.subscriber.quarantine.Quarantine;
import java.io.IOException;
import java.nio.file.Path;

/** Tries a version in a process of its own before it is loaded in this one. */
final class ModelTrial implements AutoCloseable {
    private final Quarantine quarantine;
    private final OnnxOptions options;

    ModelTrial(Quarantine quarantine, OnnxOptions options) {
        this.quarantine = quarantine;
        this.options = options;
    }

    /**
     * Loads it and asks it once.
     *
     * @throws RejectedException if this service could not serve it
     * @throws IOException if it could not be tried; worth another try
     */
    void require(Path directory) throws RejectedException, IOException {
        quarantine.ask(directory, options).requireAny();
    }

    @Override
    public void close() {
        quarantine.close();
    }
}
