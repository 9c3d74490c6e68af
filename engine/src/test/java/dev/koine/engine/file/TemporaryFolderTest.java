package dev.koine.engine.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TemporaryFolderTest {
    @TempDir
    Path parent;

    @Test
    void isGoneWithAllThatIsInItWhenItIsClosed() throws IOException {
        try (TemporaryFolder folder = TemporaryFolder.create(parent, ".work-")) {
            Files.createDirectories(folder.path().resolve("a/b"));
            Files.writeString(folder.path().resolve("a/b/c"), "c");
        }
        assertThat(left()).isEmpty();
    }

    @Test
    void isGoneWhenTheThreadIsInterruptedToo() throws IOException {
        TemporaryFolder folder = TemporaryFolder.create(parent, ".work-");
        Files.writeString(folder.path().resolve("c"), "c");
        Thread.currentThread().interrupt();
        folder.close();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(left()).isEmpty();
    }

    @Test
    void takesAwayWhatAKilledProcessLeft() throws IOException {
        Path killed = Files.createDirectories(parent.resolve(".work-1/store"));
        Files.writeString(parent.resolve(".work-1/.lock"), "");
        Files.writeString(killed.resolve("artifact"), "bytes");
        Path others = Files.createDirectories(parent.resolve(".work-not-ours"));
        Path differs = Files.createDirectories(parent.resolve("work-2"));
        Files.writeString(differs.resolve(".lock"), "");
        try (TemporaryFolder folder = TemporaryFolder.create(parent, ".work-")) {
            assertThat(left()).containsExactlyInAnyOrder(folder.path(), others, differs);
        }
    }

    @Test
    void leavesWhatIsInUse() throws IOException {
        try (TemporaryFolder first = TemporaryFolder.create(parent, ".work-");
                TemporaryFolder second = TemporaryFolder.create(parent, ".work-")) {
            assertThat(left()).containsExactlyInAnyOrder(first.path(), second.path());
        }
    }

    @Test
    void anotherProcessLeavesWhatIsInUseHereHoweverManyAreMade() throws Exception {
        try (TemporaryFolder first = TemporaryFolder.create(parent, ".work-");
                TemporaryFolder second = TemporaryFolder.create(parent, ".work-")) {
            Process other = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            Another.class.getName(),
                            parent.toString())
                    .inheritIO()
                    .start();
            assertThat(other.waitFor()).isZero();
            assertThat(left()).containsExactlyInAnyOrder(first.path(), second.path());
        }
    }

    /** Makes a folder, and so takes away what nobody uses. */
    static final class Another {
        public static void main(String[] arguments) throws IOException {
            TemporaryFolder.create(Path.of(arguments[0]), ".work-").close();
        }
    }

    @Test
    void whatIsKeptStaysForGood() throws IOException {
        Path kept;
        try (TemporaryFolder folder = TemporaryFolder.create(parent, ".work-")) {
            kept = folder.path();
            folder.keep();
        }
        TemporaryFolder.create(parent, ".work-").close();
        assertThat(left()).containsExactly(kept);
    }

    private List<Path> left() throws IOException {
        try (Stream<Path> files = Files.list(parent)) {
            return files.toList();
        }
    }
}
