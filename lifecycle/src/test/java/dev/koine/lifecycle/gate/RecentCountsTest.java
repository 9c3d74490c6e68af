package dev.koine.lifecycle.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.speech.Loss;
import dev.koine.speech.Task;
import dev.koine.speech.evaluation.ErrorCounts;
import dev.koine.speech.evaluation.EvaluationResult;
import dev.koine.speech.evaluation.LanguageTask;
import dev.koine.speech.evaluation.Score;
import dev.koine.speech.evaluation.TextNormalizer;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RecentCountsTest {
    private static final LanguageTask DE = new LanguageTask("de", Task.TRANSCRIBE);

    @Test
    void keepsTheModelsThatWereAskedForLast() {
        RecentCounts recent = new RecentCounts(2, 30);
        for (String model : List.of("a", "b", "c")) {
            recent.put(key(model), counts(10));
        }
        assertThat(recent.get(key("a"))).isNotNull();
        recent.put(key("d"), counts(10));
        assertThat(recent.get(key("b")))
                .as("the eldest, beyond thirty utterances")
                .isNull();
        assertThat(recent.get(key("a"))).isNotNull();
        recent.put(key("a"), counts(10));
        assertThat(recent.get(key("c"))).as("what is put again counts once").isNotNull();
    }

    @Test
    void keepsSomeHoweverLargeTheyAre() {
        RecentCounts recent = new RecentCounts(2, 30);
        recent.put(key("a"), counts(100));
        recent.put(key("b"), counts(100));
        assertThat(recent.get(key("a"))).isNotNull();
        recent.put(key("c"), counts(100));
        assertThat(recent.get(key("b"))).isNull();
        assertThat(recent.get(key("a"))).isNotNull();
        assertThat(recent.get(key("c"))).isNotNull();
    }

    private static RecentCounts.Key key(String model) {
        return new RecentCounts.Key(model, List.of(), 50, 0);
    }

    private static SortedMap<LanguageTask, ErrorCounts> counts(int utterances) {
        List<Score> scores = Collections.nCopies(utterances, Score.of("one", "one", Loss.NONE, TextNormalizer.BASIC));
        return new TreeMap<>(
                Map.of(DE, ErrorCounts.of(new EvaluationResult(DE, utterances, scores, Optional.empty()))));
    }
}
