package dev.koine.flink.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LastCheckpointTest {
    @TempDir
    Path directory;

    @Test
    void findsNothingOnAFirstStart() throws Exception {
        assertThat(LastCheckpoint.find(directory.resolve("checkpoints"), directory.resolve("savepoints")))
                .isEmpty();
        assertThat(LastCheckpoint.find(directory)).isEmpty();
    }

    @Test
    void findsTheNewestThatIsComplete() throws Exception {
        write("checkpoints/job1/chk-3", "_metadata", 3);
        Path savepoint = write("savepoints/savepoint-1", "_metadata", 5);
        write("checkpoints/job2/chk-4", "_metadata", 4);
        write("checkpoints/job2/chk-9", "._metadata.inprogress", 9);
        assertThat(LastCheckpoint.find(directory.resolve("checkpoints"), directory.resolve("savepoints")))
                .contains(savepoint);
        Path later = write("checkpoints/job2/chk-8", "_metadata", 8);
        assertThat(LastCheckpoint.find(directory.resolve("checkpoints"), directory.resolve("savepoints")))
                .contains(later);
    }

    private Path write(String folder, String name, long second) throws Exception {
        Path parent = Files.createDirectories(directory.resolve(folder));
        Path file = Files.createFile(parent.resolve(name));
        Files.setLastModifiedTime(file, FileTime.fromMillis(second * 1000));
        return parent;
    }
}
