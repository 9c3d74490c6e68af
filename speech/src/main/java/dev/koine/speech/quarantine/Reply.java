package dev.koine.speech.quarantine;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.speech.Task;
import dev.koine.speech.evaluation.EvaluationResult;
import dev.koine.speech.evaluation.LanguageTask;
import dev.koine.speech.evaluation.Score;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a worker says, as a line of JSON: one of these, or the last two.
 *
 * @param ready the version of ONNX Runtime, once, when it is loaded
 * @param step how far it has come
 * @param rejected why the model is refused
 * @param trouble of the worker's own
 * @param answers of a model that was asked once
 * @param results of an evaluation
 */
record Reply(
        @Nullable String ready,
        @Nullable Step step,
        @Nullable Rejected rejected,
        @Nullable String trouble,
        @Nullable Answers answers,
        @Nullable List<Result> results) {

    /** How far work has come, as {@link dev.koine.engine.Progress} has it; the stage may name a file. */
    record Step(String stage, long done, long total) {}

    /** A refusal. */
    record Rejected(RejectionCode code, String message) {}

    /** An {@link EvaluationResult}, field by field. */
    record Result(
            String language,
            Task task,
            int utterances,
            List<Score> scores,
            @Nullable String failure) {
        static Result of(EvaluationResult result) {
            return new Result(
                    result.what().language(),
                    result.what().task(),
                    result.utterances(),
                    result.scores(),
                    result.failure().orElse(null));
        }

        EvaluationResult toResult() {
            return new EvaluationResult(
                    new LanguageTask(language, task), utterances, scores, Optional.ofNullable(failure));
        }
    }

    static Reply ready(String version) {
        return new Reply(version, null, null, null, null, null);
    }

    static Reply step(String stage, long done, long total) {
        return new Reply(null, new Step(stage, done, total), null, null, null, null);
    }

    static Reply rejected(RejectedException e) {
        return new Reply(null, null, new Rejected(e.code(), String.valueOf(e.getMessage())), null, null, null);
    }

    static Reply trouble(String what) {
        return new Reply(null, null, null, what, null, null);
    }

    static Reply of(@Nullable Answers answers, @Nullable Collection<EvaluationResult> results) {
        return new Reply(
                null,
                null,
                null,
                null,
                answers,
                results == null ? null : results.stream().map(Result::of).toList());
    }

    /** The results of an evaluation, by what was measured. */
    static SortedMap<LanguageTask, EvaluationResult> byLanguageTask(List<Result> results) {
        SortedMap<LanguageTask, EvaluationResult> all = new TreeMap<>();
        for (Result result : results) {
            EvaluationResult found = result.toResult();
            all.put(found.what(), found);
        }
        return all;
    }
}
