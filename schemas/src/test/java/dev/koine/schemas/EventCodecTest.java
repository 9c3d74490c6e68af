package dev.koine.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.junit.jupiter.api.Test;

class EventCodecTest {
    private static final EventCodec<ExpertEvent> CODEC = EventCodec.of(ExpertEvent.class);

    @Test
    void readsWhatItWrote() throws Exception {
        ExpertEvent event = event();
        assertThat(CODEC.decode(CODEC.encode(event))).isEqualTo(event);
    }

    @Test
    void readsAnOlderWriterWithAnExtraFieldAndWithoutALaterOne() throws Exception {
        Schema older = SchemaBuilder.record("BundleFile")
                .namespace("dev.koine.schemas")
                .fields()
                .requiredString("path")
                .requiredInt("size")
                .requiredString("sha256")
                .requiredString("owner")
                .endRecord();
        GenericRecord written = new GenericRecordBuilder(older)
                .set("path", "model.onnx")
                .set("size", 7)
                .set("sha256", "0")
                .set("owner", "de")
                .build();
        ByteBuffer message = new BinaryMessageEncoder<GenericRecord>(GenericData.get(), older).encode(written);

        EventCodec<BundleFile> codec = EventCodec.of(BundleFile.class, List.of(older));
        assertThat(codec.decode(message.array())).isEqualTo(new BundleFile("model.onnx", 7L, "0"));
        assertUndecodable(EventCodec.of(BundleFile.class), message.array(), "no known version");
    }

    @Test
    void saysWhatIsWrongWithBytes() {
        byte[] message = CODEC.encode(event());

        assertUndecodable(CODEC, new byte[0], "starts with C3 01");
        assertUndecodable(CODEC, "{\"action\":\"MERGE\"}".getBytes(), "starts with C3 01");
        assertUndecodable(CODEC, Arrays.copyOf(message, message.length + 1), "left over");
        assertUndecodable(EventCodec.of(Rejection.class), message, "no known version");
        for (int length = 10; length < message.length; length++) {
            assertUndecodable(CODEC, Arrays.copyOf(message, length), "cut off");
        }
    }

    @Test
    void anyDamagedByteIsAnEventOrUndecodable() {
        byte[] message = CODEC.encode(event());
        for (int i = 10; i < message.length; i++) {
            for (int value = 0; value < 256; value++) {
                byte[] damaged = message.clone();
                damaged[i] = (byte) value;
                try {
                    assertThat(CODEC.decode(damaged)).isNotNull();
                } catch (UndecodableException e) {
                    assertThat(e).hasMessageContaining("ExpertEvent");
                }
            }
        }
    }

    @Test
    void hugeLengthsAreUndecodable() {
        byte[] head = Arrays.copyOf(CODEC.encode(event()), 11);
        byte[] huge = {(byte) 0xF8, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 0x0F};
        byte[] message = Arrays.copyOf(head, head.length + huge.length);
        System.arraycopy(huge, 0, message, head.length, huge.length);
        assertUndecodable(CODEC, message, "ExpertEvent");
    }

    private static void assertUndecodable(EventCodec<?> codec, byte[] message, String says) {
        assertThatExceptionOfType(UndecodableException.class)
                .isThrownBy(() -> codec.decode(message))
                .withMessageContaining(says);
    }

    private static ExpertEvent event() {
        return ExpertEvent.newBuilder()
                .setAction(ExpertAction.MERGE)
                .setModelId("whisper")
                .setExpertId("de")
                .setLanguages(List.of("de", "nl"))
                .setBundle(new Bundle("file:///m/", List.of(new BundleFile("model.onnx", 1L, "0".repeat(64)))))
                .setTime(Instant.ofEpochMilli(1_700_000_000_123L))
                .build();
    }
}
