package dev.koine.follower;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.koine.engine.file.FileTree;
import dev.koine.schemas.ModelUpdate;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VersionsFolderTest {
    @TempDir
    private Path directory;

    private Path root;

    @BeforeEach
    void name() {
        root = directory.resolve("served");
    }

    private VersionsFolder open(int kept) throws Exception {
        return VersionsFolder.open(root, kept, Optional.empty());
    }

    private Placed lead(VersionsFolder folder, ModelUpdate update) throws Exception {
        Placed placed = folder.place(update, Texts.files(update));
        folder.lead(placed);
        folder.prune(placed);
        return placed;
    }

    @Test
    void theLinkLeadsToAWholeVersion() throws Exception {
        try (VersionsFolder folder = open(3)) {
            assertThat(folder.current()).isEmpty();
            Placed one = lead(folder, Texts.update(directory, 1));
            assertThat(one.directory()).isEqualTo(root.resolve("versions/1"));
            assertThat(Files.readSymbolicLink(root.resolve("current"))).hasToString("versions/1");
            assertThat(Texts.read(root)).isEqualTo("version 1");
            assertThat(root.resolve("current/more/side.txt")).hasContent("version 1, too");
            assertThat(folder.current()).contains(one);
        }
        try (VersionsFolder again = open(3)) {
            assertThat(again.current().orElseThrow().version()).isEqualTo(1);
        }
    }

    @Test
    void filesTakeNoRoomOfTheirOwnAndAnybodyMayReadThem() throws Exception {
        try (VersionsFolder folder = open(3)) {
            ModelUpdate update = Texts.update(directory, 1);
            Placed placed = folder.place(update, Texts.files(update));
            assertThat(FileTree.links(placed.directory().resolve("model.txt"))).isEqualTo(2);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(placed.directory())))
                    .startsWith("rwxr-x");
        }
    }

    @Test
    void keepsSoManyThatWereCurrentLast() throws Exception {
        try (VersionsFolder folder = open(2)) {
            for (int version = 1; version <= 4; version++) {
                lead(folder, Texts.update(directory, version));
                Thread.sleep(20);
            }
            assertThat(root.resolve("versions"))
                    .isDirectoryContaining("glob:**/3")
                    .isDirectoryContaining("glob:**/4");
            assertThat(root.resolve("versions").toFile().list()).hasSize(2);
            assertThat(root.resolve(".koine/updates").toFile().list()).containsExactlyInAnyOrder("3", "4");
        }
        assertThatIllegalArgumentException().isThrownBy(() -> open(0));
    }

    @Test
    void keepsWhatWasCurrentLastAlsoWhereTheClockIsSetBack() throws Exception {
        try (VersionsFolder folder = open(2)) {
            lead(folder, Texts.update(directory, 1));
            Path first = root.resolve(".koine/updates/1");
            Files.setLastModifiedTime(first, FileTime.from(Instant.now().plus(Duration.ofHours(1))));
            for (int version = 2; version <= 3; version++) {
                lead(folder, Texts.update(directory, version));
            }
            assertThat(root.resolve("versions").toFile().list()).containsExactlyInAnyOrder("2", "3");
        }
    }

    @Test
    void whatIsThereAlreadyIsUsedIfItIsWhole() throws Exception {
        try (VersionsFolder folder = open(3)) {
            ModelUpdate update = Texts.update(directory, 1);
            Placed placed = folder.place(update, Texts.files(update));
            assertThat(folder.place(update, Texts.files(update))).isEqualTo(placed);
            Files.delete(placed.directory().resolve("model.txt"));
            Placed again = folder.place(update, Texts.files(update));
            assertThat(again.directory().getFileName().toString())
                    .isEqualTo("1-" + update.getDigest().substring(7, 19));
            Files.writeString(again.directory().resolve("stray.txt"), "mine");
            assertThatIOException()
                    .isThrownBy(() -> folder.place(update, Texts.files(update)))
                    .withMessageContaining("Take that folder away");
        }
    }

    @Test
    void aNumberThatWasAnotherModelsTakesNothingFromItsReaders() throws Exception {
        try (VersionsFolder folder = open(3)) {
            Placed old = lead(folder, Texts.update(directory, 1));
            ModelUpdate other = Texts.update(directory, 1, "another");
            Placed placed = folder.place(other, Texts.files(other));
            assertThat(old.directory().resolve("model.txt")).hasContent("version 1");
            folder.lead(placed);
            assertThat(Texts.read(root)).isEqualTo("another");
        }
    }

    @Test
    void whatWasLeftHalfDoneIsClearedAndALinkToNothingIsNoVersion() throws Exception {
        try (VersionsFolder folder = open(3)) {
            lead(folder, Texts.update(directory, 1));
            Files.writeString(
                    Files.createDirectories(root.resolve(".koine/aside/half")).resolve("model.txt"), "vers");
        }
        FileTree.delete(root.resolve("versions/1"));
        try (VersionsFolder folder = open(3)) {
            assertThat(root.resolve(".koine/aside")).isEmptyDirectory();
            assertThat(folder.current()).isEmpty();
            lead(folder, Texts.update(directory, 1));
            Files.writeString(root.resolve(".koine/updates/1"), "nonsense");
            assertThat(folder.current()).isEmpty();
        }
    }

    @Test
    void aFolderThatIsInTheWayIsLeftAlone() throws Exception {
        try (VersionsFolder folder = open(3)) {
            Files.writeString(Files.createDirectories(root.resolve("current")).resolve("mine.txt"), "mine");
            ModelUpdate update = Texts.update(directory, 1);
            Placed placed = folder.place(update, Texts.files(update));
            assertThatIOException().isThrownBy(() -> folder.lead(placed));
            assertThat(root.resolve("current/mine.txt")).hasContent("mine");
        }
    }

    @Test
    void hasOneOwner() throws Exception {
        try (VersionsFolder folder = open(3)) {
            assertThat(folder.current()).isEmpty();
            assertThatIOException().isThrownBy(() -> open(3)).withMessageContaining("kept by another follower");
        }
    }
}
