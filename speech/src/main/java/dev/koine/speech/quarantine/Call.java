package dev.koine.speech.quarantine;

import dev.koine.engine.Device;
import dev.koine.speech.onnx.OnnxOptions;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a worker is asked to do, as a line of JSON.
 *
 * @param bundle directory of the model
 * @param asks whether to ask every file once
 * @param evaluation what to evaluate on; null for nothing
 */
record Call(
        String bundle,
        int intraOpThreads,
        Device device,
        boolean asks,
        @Nullable Evaluation evaluation) {

    /**
     * An evaluation.
     *
     * @param sets directories
     * @param sample most utterances of each language and task
     */
    record Evaluation(List<String> sets, int sample, long seed, int threads) {}

    static Call of(Path bundle, OnnxOptions options, boolean asks, @Nullable Evaluation evaluation) {
        return new Call(
                bundle.toAbsolutePath().toString(), options.intraOpThreads(), options.device(), asks, evaluation);
    }

    OnnxOptions options() {
        return new OnnxOptions(intraOpThreads, device);
    }
}
