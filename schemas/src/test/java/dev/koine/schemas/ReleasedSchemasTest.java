package dev.koine.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Events stay on Kafka for years: whatever was ever released has to be read, and nothing may be written that is not on record. */
class ReleasedSchemasTest {

    static Stream<Class<? extends SpecificRecord>> events() {
        return Stream.of(
                ModelRegistration.class,
                ExpertEvent.class,
                ModelUpdate.class,
                Rejection.class,
                ServiceReport.class,
                ArtifactChunk.class);
    }

    @ParameterizedTest
    @MethodSource("events")
    void everyReleasedSchemaIsReadByTheCurrentOne(Class<? extends SpecificRecord> type) {
        assertThat(ReleasedSchemas.of(type)).isNotEmpty().allSatisfy(released -> assertThat(
                        compatibility(current(type), released))
                .as("%s no longer reads what a release wrote; give new fields a default, keep old ones", type)
                .isEqualTo(SchemaCompatibilityType.COMPATIBLE));
    }

    /** So that a registry takes it whose subjects have to be compatible in both directions, with every version. */
    @ParameterizedTest
    @MethodSource("events")
    void theCurrentSchemaIsReadByEveryReleasedOne(Class<? extends SpecificRecord> type) {
        assertThat(ReleasedSchemas.of(type)).isNotEmpty().allSatisfy(released -> assertThat(
                        compatibility(released, current(type)))
                .as("a release no longer reads what %s writes; change no type of a field", type)
                .isEqualTo(SchemaCompatibilityType.COMPATIBLE));
    }

    @ParameterizedTest
    @MethodSource("events")
    void theCurrentSchemaIsOnRecord(Class<? extends SpecificRecord> type) {
        assertThat(ReleasedSchemas.of(type))
                .extracting(SchemaNormalization::toParsingForm)
                .as(
                        "%s has changed: put its schema, self-contained, into released/ as the next version, and name it in"
                                + " index.txt",
                        type)
                .contains(SchemaNormalization.toParsingForm(current(type)));
    }

    @Test
    void whatTheFirstReleaseWroteIsRead() throws Exception {
        Schema first = ReleasedSchemas.of(ExpertEvent.class).get(0);
        GenericRecord written = new GenericRecordBuilder(first)
                .set(
                        "action",
                        new GenericData.EnumSymbol(first.getField("action").schema(), "RETRACT"))
                .set("modelId", "m")
                .set("expertId", "de")
                .set("time", 1L)
                .build();
        ByteBuffer message = new BinaryMessageEncoder<GenericRecord>(GenericData.get(), first).encode(written);
        byte[] bytes = Arrays.copyOf(message.array(), message.limit());

        assertThat(EventCodec.of(ExpertEvent.class).decode(bytes))
                .isEqualTo(ExpertEvent.newBuilder()
                        .setAction(ExpertAction.RETRACT)
                        .setModelId("m")
                        .setExpertId("de")
                        .setTime(Instant.ofEpochMilli(1))
                        .build());
    }

    @Test
    void aFieldWithoutADefaultWouldBeNoticed() {
        Schema released =
                SchemaBuilder.record("E").fields().requiredString("id").endRecord();
        Schema changed = SchemaBuilder.record("E")
                .fields()
                .requiredString("id")
                .requiredString("owner")
                .endRecord();
        assertThat(compatibility(changed, released)).isEqualTo(SchemaCompatibilityType.INCOMPATIBLE);
        assertThat(compatibility(released, changed)).isEqualTo(SchemaCompatibilityType.COMPATIBLE);
    }

    private static Schema current(Class<? extends SpecificRecord> type) {
        return SpecificData.get().getSchema(type);
    }

    private static SchemaCompatibilityType compatibility(Schema reader, Schema writer) {
        return SchemaCompatibility.checkReaderWriterCompatibility(reader, writer)
                .getType();
    }
}
