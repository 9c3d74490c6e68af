package dev.koine.lifecycle.gate;

import dev.koine.schemas.Measures;
import dev.koine.speech.evaluation.ErrorCounts;
import dev.koine.speech.evaluation.EvaluationResult;
import dev.koine.speech.evaluation.LanguageTask;
import dev.koine.speech.quarantine.Answers;
import dev.koine.speech.quarantine.Examiner;
import java.util.Collections;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What there is to know of a model's bytes on some sets, whatever it is held against.
 *
 * @param answers to one finite input
 * @param measures of each language and task
 * @param counts what it got wrong, of those languages and tasks that did not fail
 */
public record Measured(
        Answers answers, SortedMap<LanguageTask, Measures> measures, SortedMap<LanguageTask, ErrorCounts> counts) {
    private static final int LONGEST_FAILURE = 300;

    public Measured {
        measures = Collections.unmodifiableSortedMap(new TreeMap<>(measures));
        counts = Collections.unmodifiableSortedMap(new TreeMap<>(counts));
    }

    static Measured of(Examiner.Findings found) {
        SortedMap<LanguageTask, Measures> measures = new TreeMap<>();
        SortedMap<LanguageTask, ErrorCounts> counts = new TreeMap<>();
        found.results().forEach((what, result) -> {
            measures.put(what, measures(result));
            if (result.error().isPresent()) {
                counts.put(what, ErrorCounts.of(result));
            }
        });
        return new Measured(found.answers(), measures, counts);
    }

    /** Utterances that are counted, over all languages and tasks. */
    int utterances() {
        return counts.values().stream().mapToInt(ErrorCounts::utterances).sum();
    }

    private static Measures measures(EvaluationResult result) {
        OptionalDouble error = result.error();
        return Measures.newBuilder()
                .setUtterances(result.utterances())
                .setError(orNull(error))
                .setWer(orNull(result.wordErrorRate()))
                .setCer(orNull(result.characterErrorRate()))
                .setBleu(orNull(result.bleu()))
                .setLoss(orNull(result.loss()))
                .setFailure(error.isPresent() ? null : failure(result))
                .build();
    }

    private static String failure(EvaluationResult result) {
        String failure = result.failure().orElse("The references have no words to compare with.");
        return failure.length() <= LONGEST_FAILURE ? failure : failure.substring(0, LONGEST_FAILURE) + "...";
    }

    public static @Nullable Double orNull(OptionalDouble value) {
        return value.isPresent() ? value.getAsDouble() : null;
    }
}
