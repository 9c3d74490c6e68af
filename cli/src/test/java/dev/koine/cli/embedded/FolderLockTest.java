package dev.koine.cli.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderLockTest {
    @TempDir
    Path directory;

    @Test
    void keepsASecondOneOutUntilItIsClosed() throws Exception {
        try (FolderLock first = FolderLock.take(directory)) {
            assertThat(first).isNotNull();
            assertThatIOException()
                    .isThrownBy(() -> FolderLock.take(directory))
                    .withMessageContaining("Another koine runs in " + directory);
        }
        FolderLock.take(directory).close();
    }
}
