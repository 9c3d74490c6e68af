package dev.koine.lifecycle.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.speech.Loss;
import dev.koine.speech.Task;
import dev.koine.speech.evaluation.EvaluationResult;
import dev.koine.speech.evaluation.LanguageTask;
import dev.koine.speech.evaluation.Score;
import dev.koine.speech.evaluation.TextNormalizer;
import dev.koine.speech.quarantine.Answers;
import dev.koine.speech.quarantine.Examiner;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RecentlyMeasuredTest {
    private static final LanguageTask DE = new LanguageTask("de", Task.TRANSCRIBE);

    @Test
    void keepsTheModelsThatWereAskedForLast() {
        RecentlyMeasured recent = new RecentlyMeasured(2, 30);
        for (String model : List.of("a", "b", "c")) {
            recent.put(key(model), measured(10));
        }
        assertThat(recent.get(key("a"))).isNotNull();
        recent.put(key("d"), measured(10));
        assertThat(recent.get(key("b")))
                .as("the eldest, beyond thirty utterances")
                .isNull();
        assertThat(recent.get(key("a"))).isNotNull();
        recent.put(key("a"), measured(10));
        assertThat(recent.get(key("c"))).as("what is put again counts once").isNotNull();
    }

    @Test
    void keepsSomeHoweverLargeTheyAre() {
        RecentlyMeasured recent = new RecentlyMeasured(2, 30);
        recent.put(key("a"), measured(100));
        recent.put(key("b"), measured(100));
        assertThat(recent.get(key("a"))).isNotNull();
        recent.put(key("c"), measured(100));
        assertThat(recent.get(key("b"))).isNull();
        assertThat(recent.get(key("a"))).isNotNull();
        assertThat(recent.get(key("c"))).isNotNull();
    }

    private static RecentlyMeasured.Key key(String model) {
        return new RecentlyMeasured.Key(model, List.of(), 50, 0);
    }

    private static Measured measured(int utterances) {
        List<Score> scores = Collections.nCopies(utterances, Score.of("one", "one", Loss.NONE, TextNormalizer.BASIC));
        EvaluationResult result = new EvaluationResult(DE, utterances, scores, Optional.empty());
        return Measured.of(new Examiner.Findings(new Answers(List.of(), List.of()), new TreeMap<>(Map.of(DE, result))));
    }
}
