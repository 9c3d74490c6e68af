package dev.koine.cli.demo;

import dev.koine.engine.RejectedException;
import dev.koine.subscriber.speech.ErrorRate;
import dev.koine.subscriber.speech.EvaluationSet;
import dev.koine.subscriber.speech.SpeechModel;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Word error rates of a model on the held-out speech of some languages. */
final class Evaluation {
    private final Map<String, EvaluationSet> sets;

    private Evaluation(Map<String, EvaluationSet> sets) {
        this.sets = sets;
    }

    static Evaluation of(Fixtures fixtures, List<String> languages) throws IOException, RejectedException {
        Map<String, EvaluationSet> sets = new LinkedHashMap<>();
        for (String language : languages) {
            sets.put(language, fixtures.evaluationSet(language));
        }
        return new Evaluation(sets);
    }

    /** All speech, language after language. */
    List<EvaluationSet.Utterance> speech() {
        return sets.values().stream().flatMap(set -> set.utterances().stream()).toList();
    }

    /** Word error rate by language. */
    Map<String, Double> wordErrorRates(SpeechModel model) throws Exception {
        Map<String, Double> rates = new LinkedHashMap<>();
        for (String language : sets.keySet()) {
            rates.put(language, wordErrorRate(model, language));
        }
        return rates;
    }

    /** Word error rate on one language. */
    double wordErrorRate(SpeechModel model, String language) throws Exception {
        ErrorRate total = ErrorRate.NONE;
        for (EvaluationSet.Utterance utterance : sets.get(language).utterances()) {
            String heard = model.transcribe(utterance.features(), utterance.language(), utterance.task());
            total = total.plus(ErrorRate.words(utterance.text(), heard));
        }
        return total.rate();
    }
}
