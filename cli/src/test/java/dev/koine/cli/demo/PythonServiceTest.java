package dev.koine.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A script stands in for Python. */
class PythonServiceTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    Path directory;

    @Test
    void saysWhatItServedOnceItServesAVersion() throws Exception {
        String script = "echo \"$PYTHONPATH $*\" >&2\n"
                + "echo '{\"version\": 0, \"digest\": \"sha256:a\"}'\n"
                + "echo '{\"version\": 2, \"digest\": \"sha256:c\"}'\nexec sleep 600";
        try (PythonService service = start(script)) {
            assertThat(service.await(2, PATIENCE)).containsExactly(entry(0L, "sha256:a"), entry(2L, "sha256:c"));
            assertThatThrownBy(() -> service.await(3, Duration.ofMillis(300)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("does not serve version 3")
                    .hasMessageContaining(directory + " -m koine_subscriber follow m --bootstrap localhost:1 --cache ");
        }
    }

    @Test
    void itsLastWordIsToldWhereItEnds() throws Exception {
        try (PythonService service = start("echo 'ModuleNotFoundError: no fastavro' >&2; exit 1")) {
            assertThatThrownBy(() -> service.await(0, PATIENCE))
                    .hasMessageContaining("ended before it served version 0")
                    .hasMessageContaining("ModuleNotFoundError: no fastavro");
        }
    }

    @Test
    void aCommandThatIsNotThereIsTold() {
        assertThatThrownBy(() -> PythonService.start(
                        directory.resolve("none").toString(), directory, "m", "localhost:1", directory))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("none");
    }

    private PythonService start(String script) throws IOException {
        Path python = Files.writeString(directory.resolve("python"), "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(python, PosixFilePermissions.fromString("rwx------"));
        return PythonService.start(python.toString(), directory, "m", "localhost:1", directory.resolve("work"));
    }
}
