package dev.koine.flink.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.koine.serving.ServingSettings;
import dev.koine.serving.Transcript;
import java.time.Duration;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

class TranscribeTest {
    private static final Transcribe DEMO = Transcribe.with(ServingSettings.of("localhost:9092", "demo"));

    @Test
    void resultsAreWrittenWithoutGenericTypes() throws Exception {
        SerializerConfigImpl config = new SerializerConfigImpl();
        config.setGenericTypes(false);
        TypeInformation<Transcribed<String>> type = Transcribed.typeFor(Types.STRING);
        TypeSerializer<Transcribed<String>> serializer = type.createSerializer(config);
        Transcribed<String> answered = new Transcribed<>("call", new Transcript("text", 3, "sha256:three"), null);
        Transcribed<String> refused = new Transcribed<>("call", null, "no recording");
        DataOutputSerializer out = new DataOutputSerializer(64);
        serializer.serialize(answered, out);
        serializer.serialize(refused, out);
        DataInputDeserializer in = new DataInputDeserializer(out.getCopyOfBuffer());
        assertThat(serializer.deserialize(in)).isEqualTo(answered);
        assertThat(serializer.deserialize(in)).isEqualTo(refused);
        assertThat(answered.isAnswered()).isTrue();
        assertThat(refused.isAnswered()).isFalse();
    }

    @Test
    void limitsArePositive() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEMO.concurrency(0))
                .withMessageContaining("concurrency is 0");
        assertThatIllegalArgumentException().isThrownBy(() -> DEMO.capacity(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> DEMO.timeout(Duration.ZERO));
    }
}
