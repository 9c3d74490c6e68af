package dev.koine.speech.quarantine;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.speech.evaluation.EvaluationResult;
import dev.koine.speech.evaluation.LanguageTask;
import dev.koine.speech.onnx.OnnxOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;

/** Loads models, asks them and evaluates them: in production, in {@link Quarantine}. */
public interface Examiner {

    /**
     * Evaluation sets to evaluate on.
     *
     * @param sets directories, as {@link dev.koine.speech.evaluation.EvaluationSet} reads them; they were checked already
     * @param sample most utterances of each language and task
     * @param seed of the draw
     * @param threads that decode at a time
     */
    record Speech(List<Path> sets, int sample, long seed, int threads) {
        public Speech {
            sets = List.copyOf(sets);
        }
    }

    /**
     * What is found out about a model that is loaded once.
     *
     * @param answers as of {@link #ask}
     * @param results as of {@link #evaluate}
     */
    record Findings(Answers answers, SortedMap<LanguageTask, EvaluationResult> results) {}

    /**
     * Loads every model file of a bundle, and asks each once with a finite input.
     *
     * @throws RejectedException NOT_LOADABLE if ONNX Runtime refuses one or dies of it, TOO_LARGE if it takes more memory or time than is
     *     allowed, MISSING_FILE if there is none
     * @throws IOException if the process cannot be started, the bundle cannot be read, or this thread was interrupted
     */
    Answers ask(Path bundle, OnnxOptions options) throws RejectedException, IOException;

    /**
     * Evaluates a speech model.
     *
     * @return a result for every language and task of the sets
     * @throws RejectedException as {@link #ask}, or if it is no speech model that is known here
     * @throws IOException as {@link #ask}, or if an evaluation set is damaged
     */
    SortedMap<LanguageTask, EvaluationResult> evaluate(
            Path bundle, OnnxOptions options, Speech speech, Progress progress) throws RejectedException, IOException;

    /**
     * Does what {@link #ask} and {@link #evaluate} do, and loads the model once for both.
     *
     * @throws RejectedException as they do
     * @throws IOException as they do
     */
    Findings askAndEvaluate(Path bundle, OnnxOptions options, Speech speech, Progress progress)
            throws RejectedException, IOException;
}
