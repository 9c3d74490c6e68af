package dev.koine.events.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.UndecodableException;
import dev.koine.testkit.FreePorts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real Apicurio server, in the Maven profile {@code registry}; it needs a JDK of 21 or newer at {@code -Dregistry.java.home}. */
class ApicurioE2ECase {
    private static final EventCodec<ExpertEvent> CODEC = EventCodec.of(ExpertEvent.class);
    private static final String SERVER = System.getProperty("registry.server", "");
    private static final String JAVA_HOME = System.getProperty("registry.java.home", "");

    @TempDir
    Path directory;

    @Test
    void givesIdsAndSchemas() throws Exception {
        assumeTrue(!SERVER.isEmpty() && !JAVA_HOME.isEmpty(), "Not run: needs the profile registry and a JDK 21.");
        int port = FreePorts.one();
        Process process = new ProcessBuilder(
                        Path.of(JAVA_HOME, "bin", "java").toString(),
                        "-Xmx512m",
                        "-Dquarkus.http.host=127.0.0.1",
                        "-Dquarkus.http.port=" + port,
                        "-jar",
                        runner().toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("log").toFile())
                .start();
        try {
            await(process, port);
            Map<String, String> settings = Map.of(EventFormat.URL, "http://127.0.0.1:" + port + "/apis/ccompat/v7");
            ExpertEvent event = ExpertEvent.newBuilder()
                    .setAction(ExpertAction.RETRACT)
                    .setModelId("whisper")
                    .setExpertId("ca")
                    .setTime(Instant.parse("2026-11-24T10:00:00Z"))
                    .build();
            byte[] value = EventFormat.of(settings).encode(CODEC, "koine.experts", event);
            assertThat(value[0]).isZero();
            assertThat(EventFormat.of(settings).encode(CODEC, "koine.experts", event))
                    .isEqualTo(value);
            assertThat(EventFormat.of(settings).decode(CODEC, value)).isEqualTo(event);
            assertThatThrownBy(() -> EventFormat.of(settings).decode(EventCodec.of(ModelUpdate.class), value))
                    .isInstanceOf(UndecodableException.class);
            byte[] unknown = ByteBuffer.wrap(value.clone()).putInt(1, 999_999).array();
            assertThatThrownBy(() -> EventFormat.of(settings).decode(CODEC, unknown))
                    .isInstanceOf(UndecodableException.class)
                    .hasMessageContaining("999999");
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    private static Path runner() throws IOException {
        try (var files = Files.walk(Path.of(SERVER), 2)) {
            List<Path> runners = files.filter(
                            file -> file.getFileName().toString().matches("(quarkus-run|.*-runner)\\.jar"))
                    .toList();
            assertThat(runners).hasSize(1);
            return runners.get(0);
        }
    }

    private void await(Process process, int port) throws Exception {
        for (int i = 0; i < 600 && process.isAlive(); i++) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 500);
                return;
            } catch (IOException notYet) {
                Thread.sleep(100);
            }
        }
        throw new IOException("Apicurio does not start: " + Files.readString(directory.resolve("log")));
    }
}
