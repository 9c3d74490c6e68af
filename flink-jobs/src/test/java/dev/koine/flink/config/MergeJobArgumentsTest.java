package dev.koine.flink.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.Device;
import dev.koine.events.signature.Role;
import dev.koine.events.signature.SigningKey;
import dev.koine.events.signature.TrustedKeys;
import dev.koine.lifecycle.history.RetentionPolicy;
import dev.koine.lifecycle.intake.Signatures;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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
        all.put("evaluation.device", "cuda");
        all.put("kafka.security.protocol", "SSL");
        MergeJobConfig config = MergeJobArguments.parse(all);
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
        assertThat(config.devices()).isEqualTo(new Devices(Device.CPU, Device.CUDA));
        assertThat(MergeJobArguments.parse(REQUIRED).devices()).isEqualTo(new Devices(Device.AUTO, Device.AUTO));
    }

    @Test
    void readsRetentionAndSignatures(@TempDir Path directory) throws Exception {
        Path trusted = Files.writeString(
                directory.resolve("trusted"), SigningKey.generate().trustLine(EnumSet.of(Role.EXPERTS)) + "\n");
        Map<String, String> all = new TreeMap<>(REQUIRED);
        all.put("retention.versions", "20");
        all.put("retention.age", "7 d");
        all.put("retention.experts", "false");
        all.put("retention.grace", "30 min");
        all.put("gc.interval", "10 s");
        all.put("signatures", "required");
        all.put("trusted.keys", trusted.toString());
        all.put("signing.key", "/keys/job.key");
        MergeJobConfig config = MergeJobArguments.parse(all);
        assertThat(config.retention())
                .isEqualTo(new RetentionPolicy(20, Duration.ofDays(7), false, Duration.ofMinutes(30)));
        assertThat(config.gcInterval()).isEqualTo(Duration.ofSeconds(10));
        assertThat(config.signatures().required()).isTrue();
        assertThat(config.signatures().trusted().lines()).hasSize(1);
        assertThat(config.signatures().signingKey()).isEqualTo("/keys/job.key");
        assertThat(MergeJobArguments.parse(REQUIRED).signatures())
                .isEqualTo(new Signatures(false, TrustedKeys.NONE, null));
        all.remove("trusted.keys");
        assertThatThrownBy(() -> MergeJobArguments.parse(all)).hasMessageContaining("--trusted.keys");
    }

    @Test
    void secretsComeFromAFileAndAreNotShown(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(
                directory.resolve("kafka.properties"),
                "sasl.jaas.config=x password=\"hidden\";\nclient.dns.lookup=a\n");
        Map<String, String> all = new TreeMap<>(REQUIRED);
        all.put("kafka.config", file.toString());
        all.put("kafka.client.dns.lookup", "b");
        MergeJobConfig config = MergeJobArguments.parse(all);
        assertThat(config.kafka())
                .containsEntry("sasl.jaas.config", "x password=\"hidden\";")
                .containsEntry("client.dns.lookup", "b")
                .doesNotContainKey("config");
        assertThat(config.toString()).contains("sasl.jaas.config").doesNotContain("hidden");
        Files.writeString(file, "sasl.jaas.config=hidden\\u00zz\n");
        assertThatThrownBy(() -> MergeJobArguments.parse(all))
                .hasMessageContaining("kafka.config")
                .hasMessageNotContaining("hidden")
                .hasNoCause();
    }

    @ParameterizedTest
    @ValueSource(strings = {"bootstrap.servers", "store"})
    void namesWhatIsMissing(String name) {
        Map<String, String> most = new TreeMap<>(REQUIRED);
        most.remove(name);
        assertThatThrownBy(() -> MergeJobArguments.parse(most))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--" + name);
    }

    @ParameterizedTest
    @CsvSource({
        "store, /var/koine",
        "store, s3://key:secret@bucket/koine",
        "store, http://bucket/koine",
        "store.cache.size, large",
        "store, file: ///x y",
        "allowed.places, models",
        "threads, many",
        "threads, 0",
        "unknown.model.grace.ms, 1s",
        "decomposition, gpu",
        "transaction.timeout.ms, -1",
        "quarantine.memory, 1 mb",
        "quarantine.time, 0 s",
        "gc.interval, 0 s",
        "retention.versions, -1",
        "retention.age, old",
        "retention.experts, yes",
        "signatures, on"
    })
    void namesWhatIsMalformedAndWhatToGive(String name, String value) {
        Map<String, String> wrong = new TreeMap<>(REQUIRED);
        wrong.put(name, value);
        assertThatThrownBy(() -> MergeJobArguments.parse(wrong))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("--" + name, "'" + value + "'", "give ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"retention.version", "retention-versions", "Store", "koine.store", ""})
    void saysThatThereIsNoSuchOption(String name) {
        Map<String, String> more = new TreeMap<>(REQUIRED);
        more.put(name, "1");
        assertThatThrownBy(() -> MergeJobArguments.parse(more))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("no option --" + name + ";", "docs/options.md");
    }

    @Test
    void readsFlinksConfigurationAndArgumentsBeforeIt() {
        Map<String, String> cluster = new TreeMap<>();
        cluster.put("koine.store", "file:///cluster/");
        cluster.put("koine.retention.versions", "20");
        cluster.put("koine.job.id", "by-cluster");
        cluster.put("koine.kafka.security.protocol", "SSL");
        cluster.put("execution.checkpointing.interval", "10 s");
        MergeJobConfig config = MergeJobArguments.parse(
                Map.of("bootstrap.servers", "broker:9092", "job.id", "by-argument", "kafka.acks", "all"), cluster);
        assertThat(config.retention().versions()).isEqualTo(20);
        assertThat(config.jobId()).isEqualTo("by-argument");
        assertThat(config.toString()).contains("file:///cluster/");
        assertThat(config.kafka())
                .containsOnly(
                        Map.entry("bootstrap.servers", "broker:9092"),
                        Map.entry("security.protocol", "SSL"),
                        Map.entry("acks", "all"));
        assertThatThrownBy(() -> MergeJobArguments.parse(REQUIRED, Map.of("koine.threads", "0")))
                .hasMessageContainingAll("koine.threads is '0'", "give a whole number from 1 up");
        assertThatThrownBy(() -> MergeJobArguments.parse(REQUIRED, Map.of("koine.thread", "1")))
                .hasMessageContaining("no option koine.thread;");
    }
}
