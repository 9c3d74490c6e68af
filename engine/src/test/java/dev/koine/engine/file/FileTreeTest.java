package dev.koine.engine.file;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class FileTreeTest {
    @Test
    @EnabledOnOs(OS.LINUX)
    void aDirectoryThatItsFileSystemCannotForceIsNoTrouble() {
        assertThatCode(() -> FileTree.force(Path.of("/proc"))).doesNotThrowAnyException();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aFileThatCannotBeForcedIs() {
        assertThatIOException().isThrownBy(() -> FileTree.force(Path.of("/proc/version")));
    }

    @Test
    void aDirectoryThatIsNotThereIs() {
        assertThatIOException().isThrownBy(() -> FileTree.force(Path.of("there", "is", "none")));
    }
}
