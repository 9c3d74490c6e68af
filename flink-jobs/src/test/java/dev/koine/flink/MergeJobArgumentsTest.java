package dev.koine.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.subscriber.onnx.ExecutionProvider;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.util.ParameterTool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MergeJobArgumentsTest {
    private static final Map<String, String> REQUIRED =
            Map.of("bootstrap.servers", "broker:9092", "store", "file:///var/koine/");

    @Test
    void readsEveryName() {
        Map<String, String> all = new TreeMap<>(REQUIRED);
        all.put("allowed.places", "file:///models/, file:///experts/,");
        all.put("topic.updates", "live.updates");
        all.put("job.id", "koine-2");
        all.put("unknown.model.grace.ms", "250");
        all.put("transaction.timeout.ms", "60000");
        all.put("scratch", "/scratch");
        all.put("threads", "3");
        all.put("decomposition", "cpu");
        all.put("kafka.security.protocol", "SSL");
        MergeJobConfig config = MergeJobArguments.parse(ParameterTool.fromMap(all));
        assertThat(config.kafka())
                .containsOnly(Map.entry("bootstrap.servers", "broker:9092"), Map.entry("security.protocol", "SSL"));
        assertThat(config.allowedPlaces())
                .containsExactly(URI.create("file:///models/"), URI.create("file:///experts/"));
        assertThat(config.topics().updates()).isEqualTo("live.updates");
        assertThat(config.topics().models()).isEqualTo("koine.models");
        assertThat(config.jobId()).isEqualTo("koine-2");
        assertThat(config.unknownModelGrace()).isEqualTo(Duration.ofMillis(250));
        assertThat(config.transactionTimeout()).isEqualTo(Duration.ofMinutes(1));
        assertThat(config.scratchDirectory()).hasToString("/scratch");
        assertThat(config.threads()).isEqualTo(3);
        assertThat(config.decomposition()).isEqualTo(ExecutionProvider.CPU);
        assertThat(MergeJobArguments.parse(ParameterTool.fromMap(REQUIRED)).decomposition())
                .isEqualTo(ExecutionProvider.AUTO);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bootstrap.servers", "store"})
    void namesWhatIsMissing(String name) {
        Map<String, String> most = new TreeMap<>(REQUIRED);
        most.remove(name);
        assertThatThrownBy(() -> MergeJobArguments.parse(ParameterTool.fromMap(most)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--" + name);
    }

    @ParameterizedTest
    @CsvSource({
        "store, /var/koine",
        "store, s3://bucket/koine",
        "store, file: ///x y",
        "allowed.places, models",
        "threads, many",
        "threads, 0",
        "unknown.model.grace.ms, 1s",
        "decomposition, gpu",
        "transaction.timeout.ms, -1"
    })
    void namesWhatIsMalformedAndWhatToGive(String name, String value) {
        Map<String, String> wrong = new TreeMap<>(REQUIRED);
        wrong.put(name, value);
        assertThatThrownBy(() -> MergeJobArguments.parse(ParameterTool.fromMap(wrong)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("--" + name, "'" + value + "'", "give ");
    }
}
