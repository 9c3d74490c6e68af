package dev.koine.engine.onnx.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenFilesTest {
    @TempDir
    Path directory;

    @Test
    void fewOfManyFilesAreOpenAtATime() throws IOException {
        try (OpenFiles files = new OpenFiles(StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            for (int round = 0; round < 2; round++) {
                for (int i = 0; i < 300; i++) {
                    write(files, i, round);
                    assertThat(files.count()).isLessThanOrEqualTo(64);
                }
            }
        }
        for (int i = 0; i < 300; i++) {
            assertThat(Files.readAllBytes(directory.resolve("f" + i))).containsExactly(0, 1);
        }
    }

    @Test
    void aFileInUseStaysOpenWhateverOthersNeed() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try (OpenFiles files = new OpenFiles(StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            List<Future<?>> parts = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) {
                int of = thread;
                parts.add(threads.submit(() -> {
                    for (int i = 0; i < 2_000; i++) {
                        write(files, (i * 7 + of) % 200, of);
                    }
                    return null;
                }));
            }
            for (Future<?> part : parts) {
                part.get();
            }
            assertThat(files.count()).isLessThanOrEqualTo(64 + 8);
        } finally {
            threads.shutdownNow();
        }
        for (int i = 0; i < 200; i++) {
            assertThat(Files.size(directory.resolve("f" + i))).isLessThanOrEqualTo(8);
        }
    }

    @Test
    void aFileThatIsNotThereIsNamed() throws IOException {
        try (OpenFiles files = new OpenFiles(StandardOpenOption.READ)) {
            assertThatThrownBy(() -> files.use(directory.resolve("gone"), channel -> {}))
                    .isInstanceOf(NoSuchFileException.class)
                    .hasMessageContaining("gone");
            assertThat(files.count()).isZero();
        }
    }

    private void write(OpenFiles files, int file, int at) throws IOException {
        files.use(directory.resolve("f" + file), channel -> channel.write(ByteBuffer.wrap(new byte[] {(byte) at}), at));
    }
}
