package dev.koine.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.stream.Stream;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Bytes that an earlier release wrote mean today what they meant then. */
class GoldenEventsTest {

    static Stream<Arguments> events() {
        return GoldenEvents.v1().entrySet().stream()
                .map(event -> Arguments.of("v1/" + event.getKey(), event.getValue()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("events")
    void areReadAsWhatWasWritten(String name, SpecificRecord expected) throws Exception {
        try (InputStream in = GoldenEventsTest.class.getResourceAsStream("golden/" + name + ".bin")) {
            assertThat(in).as(name).isNotNull();
            byte[] bytes = in.readAllBytes();
            assertThat(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(2))
                    .isEqualTo(SchemaNormalization.parsingFingerprint64(
                            ReleasedSchemas.of(expected.getClass()).get(0)));
            assertThat(EventCodec.of(expected.getClass()).decode(bytes)).isEqualTo(expected);
        }
    }
}
