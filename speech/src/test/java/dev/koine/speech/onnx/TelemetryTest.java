package dev.koine.speech.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What Koine ships sends nothing to anybody: README says so. */
class TelemetryTest {
    /** ONNX Runtime reads it where it has telemetry on Linux, which came with 1.29. */
    private static final String SWITCH = "ORT_DISABLE_TELEMETRY";

    @Test
    void theRuntimeThatIsShippedHasNoTelemetry() throws Exception {
        String library =
                Files.readString(NativeRuntime.locate().resolve("libonnxruntime.so"), StandardCharsets.ISO_8859_1);

        assertThat(library.contains(SWITCH))
                .as(
                        "ONNX Runtime has learnt to send telemetry. It may be raised where every process that loads it has %s=1"
                                + " in its environment, also services that embed the subscriber, or where it is built without;"
                                + " then say so in README and change this test.",
                        SWITCH)
                .isFalse();
    }

    @Test
    void theCommandSwitchesItOffAllTheSame() throws Exception {
        assertThat(Files.readString(Path.of("../koine"))).contains("export " + SWITCH + "=1");
    }
}
