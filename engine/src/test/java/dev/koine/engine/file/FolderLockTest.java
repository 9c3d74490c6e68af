package dev.koine.engine.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderLockTest {
    private static final int TAKEN = 3;

    @TempDir
    Path directory;

    @Test
    void keepsASecondOneOutUntilItIsClosed() throws Exception {
        try (FolderLock first = FolderLock.take(directory).orElseThrow()) {
            assertThat(first).isNotNull();
            assertThat(FolderLock.take(directory)).isEmpty();
            assertThat(another()).isEqualTo(TAKEN);
            assertThat(FolderLock.take(directory)).isEmpty();
        }
        assertThat(another()).isZero();
        FolderLock.take(directory).orElseThrow().close();
    }

    @Test
    void whatADeadProcessLeftIsNoOwner() throws Exception {
        Files.createFile(directory.resolve("lock"));
        Files.createFile(directory.resolve("lock.of-a-dead-one"));
        FolderLock.take(directory).orElseThrow().close();
        assertThat(directory).isDirectoryContaining("glob:**lock").isDirectoryNotContaining("glob:**lock.*");
    }

    /** Exit status of a process that takes the lock and ends. */
    private int another() throws Exception {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Another.class.getName(),
                        directory.toString())
                .inheritIO()
                .start()
                .waitFor();
    }

    static final class Another {
        public static void main(String[] arguments) throws IOException {
            System.exit(FolderLock.take(Path.of(arguments[0])).isPresent() ? 0 : TAKEN);
        }
    }
}
