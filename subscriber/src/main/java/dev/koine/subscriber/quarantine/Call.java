package dev.koine.subscriber.quarantine;

import dev.koine.subscriber.onnx.ExecutionProvider;
import dev.koine.subscriber.onnx.OnnxOptions;
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
        ExecutionProvider provider,
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
                bundle.toAbsolutePath().toString(), options.intraOpThreads(), options.provider(), asks, evaluation);
    }

    OnnxOptions options() {
        return new OnnxOptions(intraOpThreads, provider);
    }
}
