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
 * @param evaluation null to load it and ask it once
 */
record Call(
        String bundle,
        int intraOpThreads,
        ExecutionProvider provider,
        @Nullable Evaluation evaluation) {

    /**
     * An evaluation.
     *
     * @param sets directories
     * @param sample most utterances of each language and task
     */
    record Evaluation(List<String> sets, int sample, long seed, int threads) {}

    static Call of(Path bundle, OnnxOptions options, @Nullable Evaluation evaluation) {
        return new Call(bundle.toAbsolutePath().toString(), options.intraOpThreads(), options.provider(), evaluation);
    }

    OnnxOptions options() {
        return new OnnxOptions(intraOpThreads, provider);
    }
}
