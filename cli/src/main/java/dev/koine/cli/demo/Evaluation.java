package dev.koine.cli.demo;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.speech.SpeechModel;
import dev.koine.speech.Task;
import dev.koine.speech.evaluation.EvaluationResult;
import dev.koine.speech.evaluation.EvaluationSet;
import dev.koine.speech.evaluation.Evaluator;
import dev.koine.speech.evaluation.Utterance;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Word error rates of a model on the held-out speech of some languages, transcribed. */
final class Evaluation {
    private final List<String> languages;
    private final EvaluationSet speech;
    private final Evaluator evaluator = new Evaluator(1, Progress.NONE);

    private Evaluation(List<String> languages, EvaluationSet speech) {
        this.languages = languages;
        this.speech = speech;
    }

    static Evaluation of(Fixtures fixtures, List<String> languages) throws IOException, RejectedException {
        List<EvaluationSet> sets = new ArrayList<>();
        for (String language : languages) {
            sets.add(fixtures.evaluationSet(language).where(one -> one.task() == Task.TRANSCRIBE));
        }
        return new Evaluation(List.copyOf(languages), EvaluationSet.union(sets));
    }

    /** All speech, language after language. */
    List<Utterance> speech() {
        return speech.utterances();
    }

    /** Word error rate by language. */
    Map<String, Double> wordErrorRates(SpeechModel model) throws IOException, RejectedException, InterruptedException {
        Map<String, Double> byLanguage = new LinkedHashMap<>();
        for (EvaluationResult result : evaluator.evaluate(model, speech).values()) {
            byLanguage.put(result.what().language(), result.wordErrorRate().orElse(Double.NaN));
        }
        Map<String, Double> rates = new LinkedHashMap<>();
        languages.forEach(language -> rates.put(language, byLanguage.get(language)));
        return rates;
    }
}
