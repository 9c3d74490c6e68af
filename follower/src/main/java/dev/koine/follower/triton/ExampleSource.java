package dev.koine.follower.triton;

import dev.koine.engine.RejectedException;
import dev.koine.engine.onnx.Example;
import java.io.IOException;
import java.nio.file.Path;

/** Says what a model file answers when it is run here, which is what Triton has to answer. */
@FunctionalInterface
public interface ExampleSource {
    /**
     * Runs a file once.
     *
     * @param directory of a version
     * @param file below it, without {@code .onnx}
     * @throws RejectedException if it does not run
     * @throws IOException if it cannot be run here
     */
    Example of(Path directory, String file) throws RejectedException, IOException;
}
