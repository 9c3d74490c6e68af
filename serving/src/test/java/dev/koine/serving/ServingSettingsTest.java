package dev.koine.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.koine.engine.Device;
import dev.koine.events.signature.TrustedKeys;
import dev.koine.speech.quarantine.QuarantineLimits;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ServingSettingsTest {
    private static final ServingSettings ALL = ServingSettings.of("localhost:9092", "demo")
            .withKafka(Map.of("sasl.jaas.config", "password=\"secret\";"))
            .withUpdatesTopic("updates")
            .withCacheDirectory("/var/cache/koine")
            .withDevice(Device.CPU, 2)
            .withFirstVersionWithin(Duration.ofSeconds(5))
            .withTrustedKeys(TrustedKeys.NONE)
            .withQuarantine(QuarantineLimits.DEFAULT);

    @Test
    void areTheSameAfterAJourney() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(ALL);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            assertThat(in.readObject()).isEqualTo(ALL).hasSameHashCodeAs(ALL);
        }
    }

    @Test
    void eachIsKept() {
        assertThat(ALL.kafka())
                .containsOnly(
                        Map.entry("bootstrap.servers", "localhost:9092"),
                        Map.entry("sasl.jaas.config", "password=\"secret\";"));
        assertThat(ALL.updatesTopic()).isEqualTo("updates");
        assertThat(ALL.modelId()).isEqualTo("demo");
        assertThat(ALL.cacheDirectory()).isEqualTo("/var/cache/koine");
        assertThat(ALL.device()).isEqualTo(Device.CPU);
        assertThat(ALL.intraOpThreads()).isEqualTo(2);
        assertThat(ALL.firstVersionWithin()).isEqualTo(Duration.ofSeconds(5));
        assertThat(ALL.trustedKeys()).isEqualTo(TrustedKeys.NONE);
        assertThat(ALL.quarantine()).isEqualTo(QuarantineLimits.DEFAULT);
    }

    @Test
    void namePropertiesOfKafkaAndTellNoneOfTheirValues() {
        assertThat(ALL.toString()).contains("demo", "sasl.jaas.config").doesNotContain("secret");
    }

    @Test
    void needABrokerAModelATopicAndTime() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ServingSettings.of(Map.of("client.id", "c"), "demo"))
                .withMessageContaining("bootstrap.servers");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ServingSettings.of("localhost:9092", " "))
                .withMessageContaining("registered");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ALL.withUpdatesTopic(""))
                .withMessageContaining("koine.updates");
        assertThatIllegalArgumentException().isThrownBy(() -> ALL.withFirstVersionWithin(Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> ALL.withDevice(Device.CPU, -1));
    }
}
