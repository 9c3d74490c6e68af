package dev.koine.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.junit.jupiter.api.Test;

/** A registration without a recipe says so in its bytes, and changes neither the wire format nor what a recipe without fields is. */
class LeftOutRecipeTest {
    private static final EventCodec<ModelRegistration> CODEC = EventCodec.of(ModelRegistration.class);
    private static final Recipe LEFT_OUT =
            Recipe.newBuilder().setMethod("DEFAULT").build();
    private static final List<Schema> RELEASED = ReleasedSchemas.of(ModelRegistration.class);

    @Test
    void whoeverLeavesItOutAsksForTheJobs() throws Exception {
        Schema schema = new Schema.Parser().parse(CODEC.schema().toString());
        GenericRecord plain = registration(schema).build();
        assertThat(decoded(plain, schema).getRecipe()).isEqualTo(LEFT_OUT);
        assertThat(ModelRegistration.newBuilder()
                        .setModelId("m")
                        .setBase(new Bundle("file:///base/", List.of()))
                        .setTime(java.time.Instant.EPOCH)
                        .build()
                        .getRecipe())
                .isEqualTo(LEFT_OUT);
    }

    @Test
    void aRecipeWithoutFieldsIsWhatItWas() throws Exception {
        for (Schema schema : RELEASED) {
            GenericRecord empty =
                    new GenericRecordBuilder(schema.getField("recipe").schema()).build();
            assertThat(decoded(registration(schema).set("recipe", empty).build(), schema)
                            .getRecipe())
                    .isEqualTo(Recipe.newBuilder().build())
                    .returns(0.2, Recipe::getScale)
                    .returns("FIXED", Recipe::getScaling)
                    .returns("LORS", Recipe::getMethod);
        }
    }

    @Test
    void theWireFormatOfARecipeIsThatOfTheReleaseBefore() {
        assertThat(SchemaNormalization.parsingFingerprint64(
                        CODEC.schema().getField("recipe").schema()))
                .isEqualTo(SchemaNormalization.parsingFingerprint64(
                        RELEASED.get(3).getField("recipe").schema()));
    }

    private static GenericRecordBuilder registration(Schema schema) {
        Schema bundle = schema.getField("base").schema();
        return new GenericRecordBuilder(schema)
                .set("modelId", "m")
                .set(
                        "base",
                        new GenericRecordBuilder(bundle)
                                .set("uri", "file:///base/")
                                .set("files", List.of())
                                .build())
                .set("time", 1L);
    }

    private static ModelRegistration decoded(GenericRecord record, Schema schema) throws Exception {
        ByteBuffer message = new BinaryMessageEncoder<GenericRecord>(GenericData.get(), schema).encode(record);
        return CODEC.decode(Arrays.copyOf(message.array(), message.limit()));
    }
}
