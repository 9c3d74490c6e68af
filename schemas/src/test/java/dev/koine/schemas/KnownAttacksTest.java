package dev.koine.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attacks on Avro that were published. Events carry a fingerprint; a schema never comes with the data. */
class KnownAttacksTest {

    /** CVE-2024-47561: a schema from the attacker names a class that reading makes an instance of. */
    @Test
    void cve202447561() throws Exception {
        Schema evil = new Schema.Parser()
                .parse("{\"type\":\"record\",\"name\":\"ExpertEvent\",\"namespace\":\"dev.koine.schemas\",\"fields\":["
                        + "{\"name\":\"modelId\",\"type\":{\"type\":\"string\",\"java-class\":\"java.io.File\"}}]}");
        GenericRecord written =
                new GenericRecordBuilder(evil).set("modelId", "/etc/passwd").build();
        ByteBuffer message = new BinaryMessageEncoder<GenericRecord>(GenericData.get(), evil).encode(written);
        byte[] bytes = Arrays.copyOf(message.array(), message.limit());
        assertThatThrownBy(() -> EventCodec.of(ExpertEvent.class).decode(bytes))
                .isInstanceOf(UndecodableException.class)
                .hasMessageContaining("no known version");
    }

    /** CVE-2025-33042: text in a schema becomes code when classes are generated from it. Ours come from this repository alone. */
    @ParameterizedTest
    @ValueSource(classes = {ExpertEvent.class, ModelRegistration.class, ModelUpdate.class, Rejection.class})
    void cve202533042(Class<? extends SpecificRecord> type) {
        for (Schema released : ReleasedSchemas.of(type)) {
            assertThat(released.toString()).doesNotContain("java-class", "javaAnnotation", "*/");
        }
    }
}
