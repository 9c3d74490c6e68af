package dev.koine.flink.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.koine.serving.ServingSettings;
import dev.koine.serving.Speech;
import dev.koine.serving.Transcript;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.streaming.api.functions.async.CollectionSupplier;
import org.apache.flink.streaming.api.functions.async.ResultFuture;
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
    void aRecordThatTakesTooLongIsToldWithWhatToDo() {
        ServingSettings settings = ServingSettings.of("localhost:9092", "demo");
        SpeechOf<String> none = call -> Speech.of(new float[1], 1, "de");
        CompletableFuture<Object> result = new CompletableFuture<>();
        new TranscribeFunction<>(settings, none, 1, Duration.ofSeconds(3)).timeout("call", new ResultFuture<>() {
            @Override
            public void complete(Collection<Transcribed<String>> records) {
                result.complete(records);
            }

            @Override
            public void complete(CollectionSupplier<Transcribed<String>> records) {
                result.complete(records);
            }

            @Override
            public void completeExceptionally(Throwable failure) {
                result.completeExceptionally(failure);
            }
        });
        assertThat(result)
                .isCompletedExceptionally()
                .failsWithin(Duration.ZERO)
                .withThrowableThat()
                .havingCause()
                .isInstanceOf(TimeoutException.class)
                .withMessageContaining("within 3000 ms")
                .withMessageContaining("Raise Transcribe.timeout");
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
