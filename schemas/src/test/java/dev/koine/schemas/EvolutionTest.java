package dev.koine.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.specific.SpecificRecord;
import org.apache.avro.util.Utf8;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every version of every event, written by each release and read by each: upwards when the job is upgraded first, downwards when the
 * pipelines are. What a reader knows it has to see as it was written; what it does not know it skips, and what the writer did not
 * know has its default.
 */
class EvolutionTest {
    private static final int RECORDS = 200;
    private static final int HEADER_BYTES = 10;

    record Pair(Class<? extends SpecificRecord> type, int writer, int reader) {
        @Override
        public String toString() {
            return type.getSimpleName() + " written by v" + (writer + 1) + ", read by v" + (reader + 1);
        }
    }

    static Stream<Pair> pairs() {
        List<Pair> pairs = new ArrayList<>();
        ReleasedSchemasTest.events().forEach(type -> {
            int versions = ReleasedSchemas.of(type).size();
            for (int writer = 0; writer < versions; writer++) {
                for (int reader = 0; reader < versions; reader++) {
                    pairs.add(new Pair(type, writer, reader));
                }
            }
        });
        return pairs.stream();
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void eachReleaseReadsWhatEachWrote(Pair pair) throws Exception {
        Schema writer = ReleasedSchemas.of(pair.type()).get(pair.writer());
        Schema reader = ReleasedSchemas.of(pair.type()).get(pair.reader());
        RandomRecords records = new RandomRecords(pair.toString().hashCode());
        for (int i = 0; i < RECORDS; i++) {
            Object written = records.value(writer);
            assertThat(read(encode(written, writer), writer, reader)).isEqualTo(seen(written, writer, reader));
        }
    }

    @ParameterizedTest
    @MethodSource("dev.koine.schemas.ReleasedSchemasTest#events")
    void theCodecReadsWhatEachReleaseWrote(Class<? extends SpecificRecord> type) throws Exception {
        assertReadByCodec(EventCodec.of(type), ReleasedSchemas.of(type));
    }

    private static <T extends SpecificRecord> void assertReadByCodec(EventCodec<T> codec, List<Schema> released)
            throws Exception {
        Schema current = released.get(released.size() - 1);
        for (Schema writer : released) {
            RandomRecords records = new RandomRecords(SchemaNormalization.parsingFingerprint64(writer));
            BinaryMessageEncoder<Object> encoder = new BinaryMessageEncoder<>(GenericData.get(), writer);
            for (int i = 0; i < RECORDS; i++) {
                Object written = records.value(writer);
                ByteBuffer message = encoder.encode(written);
                byte[] again = codec.encode(codec.decode(Arrays.copyOf(message.array(), message.limit())));
                byte[] body = Arrays.copyOfRange(again, HEADER_BYTES, again.length);
                assertThat(read(body, current, current)).isEqualTo(seen(written, writer, current));
            }
        }
    }

    private static byte[] encode(Object value, Schema schema) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
        new GenericDatumWriter<>(schema).write(value, encoder);
        encoder.flush();
        return bytes.toByteArray();
    }

    private static Object read(byte[] bytes, Schema writer, Schema reader) throws IOException {
        return new GenericDatumReader<>(writer, reader)
                .read(null, DecoderFactory.get().binaryDecoder(bytes, null));
    }

    /** What a reader should see, said without Avro's resolution. */
    private static Object seen(Object value, Schema writer, Schema reader) {
        return switch (reader.getType()) {
            case RECORD -> seenRecord((GenericData.Record) value, writer, reader);
            case ARRAY ->
                new GenericData.Array<>(
                        reader,
                        ((List<?>) value)
                                .stream()
                                        .map(item -> seen(item, writer.getElementType(), reader.getElementType()))
                                        .toList());
            case UNION -> value == null ? null : seen(value, branch(writer), branch(reader));
            case ENUM ->
                new GenericData.EnumSymbol(
                        reader, reader.hasEnumSymbol(value.toString()) ? value.toString() : reader.getEnumDefault());
            case STRING -> new Utf8(value.toString());
            default -> value;
        };
    }

    private static Object seenRecord(GenericData.Record value, Schema writer, Schema reader) {
        GenericData.Record seen = new GenericData.Record(reader);
        for (Schema.Field field : reader.getFields()) {
            Schema.Field written = writer.getField(field.name());
            Object content = written == null
                    ? GenericData.get().getDefaultValue(field)
                    : seen(value.get(written.pos()), written.schema(), field.schema());
            seen.put(field.pos(), content);
        }
        return seen;
    }

    /** All unions are of null and one other. */
    private static Schema branch(Schema union) {
        return union.getTypes().stream()
                .filter(type -> type.getType() != Schema.Type.NULL)
                .findFirst()
                .orElseThrow();
    }
}
