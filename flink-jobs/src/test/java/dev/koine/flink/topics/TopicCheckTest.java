package dev.koine.flink.topics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.schemas.Topics;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopicCheckTest {
    private static final Topics TOPICS = Topics.DEFAULT;

    @ParameterizedTest
    @CsvSource({
        "koine.experts, cleanup.policy, compact, only the last event stays, delete",
        "koine.experts, cleanup.policy, 'compact,delete', only the last event stays, delete",
        "koine.rejections, cleanup.policy, compact, the job restarts for ever, delete",
        "koine.experts, retention.ms, 604800000, (7 days), -1",
        "koine.models, retention.ms, 604800000, not read by then, -1",
        "koine.updates, retention.ms, 604800000, find no version, -1",
        "koine.experts, retention.bytes, 0, not read by then, -1",
        "koine.updates, max.message.bytes, 100000, not taken, 1048588",
    })
    void whatLosesEventsIsNamedWithTheSettingThatDoesNot(
            String topic, String name, String value, String loss, String right) {
        Map<String, String> settings =
                name.equals("cleanup.policy") ? Map.of(name, value) : Map.of("cleanup.policy", "delete", name, value);
        assertThat(TopicCheck.problems(TOPICS, topic, settings)).hasSize(1).allSatisfy(problem -> assertThat(problem)
                .contains(topic, name + "=" + value, loss)
                .endsWith("--entity-name " + topic + " --add-config " + name + "=" + right));
    }

    @Test
    void whatLosesNothingIsLeftAlone() {
        Map<String, String> compacted = Map.of("cleanup.policy", "compact", "retention.ms", "604800000");
        Map<String, String> kept =
                Map.of("cleanup.policy", "delete", "retention.ms", "-1", "max.message.bytes", "5000000");
        for (String topic : List.of(TOPICS.models(), TOPICS.updates())) {
            assertThat(TopicCheck.problems(TOPICS, topic, compacted)).isEmpty();
            assertThat(TopicCheck.problems(TOPICS, topic, kept)).isEmpty();
        }
        assertThat(TopicCheck.problems(TOPICS, TOPICS.experts(), kept)).isEmpty();
        assertThat(TopicCheck.problems(
                        TOPICS, TOPICS.rejections(), Map.of("cleanup.policy", "delete", "retention.ms", "604800000")))
                .isEmpty();
    }
}
