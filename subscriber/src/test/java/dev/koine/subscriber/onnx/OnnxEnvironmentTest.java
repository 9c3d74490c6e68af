package dev.koine.subscriber.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtEnvironment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;

class OnnxEnvironmentTest {
    /** Far more than a Flink TaskManager's class path, and more than ONNX Runtime takes on an ordinary thread. */
    private static final String LONG_ARGUMENT = "x".repeat(60_000);

    @Test
    void comesUpInAProcessWithALongCommandLine() throws Exception {
        String classPath = String.join(
                System.getProperty("path.separator"),
                place(OnnxEnvironment.class),
                place(OnnxEnvironmentTest.class),
                place(OrtEnvironment.class),
                place(Logger.class));
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        classPath,
                        Child.class.getName(),
                        LONG_ARGUMENT))
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
    }

    private static String place(Class<?> type) throws Exception {
        return Path.of(Objects.requireNonNull(type.getProtectionDomain().getCodeSource())
                        .getLocation()
                        .toURI())
                .toString();
    }

    /** A process that does nothing else. */
    static final class Child {
        private Child() {}

        public static void main(String[] args) {
            OnnxEnvironment.get();
        }
    }
}
