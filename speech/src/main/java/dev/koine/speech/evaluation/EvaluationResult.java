package dev.koine.speech.evaluation;

import dev.koine.speech.Task;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How well a model does at one language and task: figures, or why there are none.
 *
 * @param utterances that were to be decoded
 * @param scores of each of them, in the order of their ids; none after a failure
 * @param failure in a sentence, such as that the model answers NaN; empty where there are figures
 */
public record EvaluationResult(LanguageTask what, int utterances, List<Score> scores, Optional<String> failure) {
    public EvaluationResult {
        scores = List.copyOf(scores);
        if (scores.size() != (failure.isPresent() ? 0 : utterances)) {
            throw new IllegalArgumentException("A result is either a score for each utterance or a failure.");
        }
    }

    /** Over all utterances; empty after a failure. */
    public Optional<Score> score() {
        return failure.isPresent()
                ? Optional.empty()
                : Optional.of(scores.stream().reduce(Score.NONE, Score::plus));
    }

    /** What models are compared by, lower being better: the word error rate of TRANSCRIBE, 1 - BLEU / 100 of TRANSLATE. */
    public OptionalDouble error() {
        return what.task() == Task.TRANSCRIBE
                ? wordErrorRate()
                : bleu().stream().map(bleu -> 1 - bleu / 100).findFirst();
    }

    /** 0 to beyond 1; empty after a failure, and where all references are empty but the texts are not. */
    public OptionalDouble wordErrorRate() {
        return finite(score().map(s -> s.words().rate()));
    }

    /** 0 to beyond 1; empty as the {@link #wordErrorRate}. */
    public OptionalDouble characterErrorRate() {
        return finite(score().map(s -> s.characters().rate()));
    }

    /** Corpus BLEU, 0 to 100, {@linkplain Bleu#scoreOfReferenceOrder of the references' order}; for TRANSLATE alone. */
    public OptionalDouble bleu() {
        return what.task() == Task.TRANSLATE
                ? finite(score().map(s -> s.bleu().scoreOfReferenceOrder()))
                : OptionalDouble.empty();
    }

    /** Mean nats a token, or an utterance for CTC; empty after a failure and where the model can write no reference. */
    public OptionalDouble loss() {
        return finite(score().map(s -> s.loss().mean()));
    }

    private static OptionalDouble finite(Optional<Double> value) {
        return value.filter(Double::isFinite).map(OptionalDouble::of).orElseGet(OptionalDouble::empty);
    }
}
