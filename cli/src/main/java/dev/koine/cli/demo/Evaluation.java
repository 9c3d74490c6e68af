package dev.koine.cli.demo;

import ai.onnxruntime.OrtException;
import dev.koine.subscriber.speech.EvaluationSet;
import dev.koine.subscriber.speech.SpeechModel;
import dev.koine.subscriber.speech.Utterance;
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

    static Evaluation of(Fixtures fixtures, List<String> languages) throws IOException {
        Map<String, EvaluationSet> sets = new LinkedHashMap<>();
        for (String language : languages) {
            sets.put(language, fixtures.evaluationSet(language));
        }
        return new Evaluation(sets);
    }

    /** All speech, language after language. */
    List<Utterance> speech() {
        return sets.values().stream().flatMap(set -> set.utterances().stream()).toList();
    }

    /** Word error rate by language. */
    Map<String, Double> wordErrorRates(SpeechModel model) throws OrtException {
        Map<String, Double> rates = new LinkedHashMap<>();
        for (Map.Entry<String, EvaluationSet> set : sets.entrySet()) {
            rates.put(set.getKey(), set.getValue().score(model).words().rate());
        }
        return rates;
    }
}
