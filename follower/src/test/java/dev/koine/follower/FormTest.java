package dev.koine.follower;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.schemas.ModelUpdate;
import dev.koine.subscriber.TroubleHereException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Versions that are written in another form than their bundle's. */
class FormTest {
    @TempDir
    private Path directory;

    private boolean isStoreAway;
    private int written;

    /** Loud texts; version 1 cannot be one. */
    private final class Loud implements Form {
        @Override
        public String name() {
            return "loud";
        }

        @Override
        public void write(ModelUpdate update, Path files, Path target) throws RejectedException, IOException {
            written++;
            Files.writeString(target.resolve("model.txt"), Files.readString(files.resolve("model.txt")) + "!");
            if (isStoreAway) {
                throw new IOException("The store is away.");
            }
            if (update.getVersion() == 1) {
                throw new RejectedException(RejectionCode.CHECKPOINT_MISMATCH, "It cannot be loud.");
            }
        }
    }

    private VersionsFolder open() throws Exception {
        return VersionsFolder.open(directory.resolve("served"), 2, Optional.of(new Loud()));
    }

    private static Placing placing(VersionsFolder folder) throws Exception {
        return new Placing(folder, List.of(), Patience.within(Duration.ZERO));
    }

    private void load(Placing placing, long version) throws Exception {
        ModelUpdate update = Texts.update(directory, version);
        placing.load(update, Texts.files(update));
    }

    @Test
    void theFolderHoldsWhatTheFormWritesAndAStartWritesItNotAgain() throws Exception {
        try (VersionsFolder folder = open()) {
            load(placing(folder), 0);
        }
        isStoreAway = true;
        try (VersionsFolder folder = open()) {
            load(placing(folder), 0);
        }
        assertThat(written).isEqualTo(1);
        assertThat(Texts.read(directory.resolve("served"))).isEqualTo("version 0!");
        assertThat(directory.resolve("served/versions/0").toFile().list()).containsExactly("model.txt");
    }

    @Test
    void whatCannotBeWrittenSoIsRefusedAndTheOneBeforeGoesOn() throws Exception {
        try (VersionsFolder folder = open()) {
            Placing placing = placing(folder);
            load(placing, 0);
            assertThatExceptionOfType(RejectedException.class)
                    .isThrownBy(() -> load(placing, 1))
                    .withMessage("It cannot be loud.");
            assertThat(Texts.read(directory.resolve("served"))).isEqualTo("version 0!");
            assertThat(directory.resolve("served/versions/1")).doesNotExist();
            assertThat(directory.resolve("served/.koine/aside")).isEmptyDirectory();
            load(placing, 2);
            assertThat(Texts.read(directory.resolve("served"))).isEqualTo("version 2!");
        }
    }

    @Test
    void aStoreThatIsAwayIsTroubleHere() throws Exception {
        try (VersionsFolder folder = open()) {
            isStoreAway = true;
            Placing placing = placing(folder);
            assertThatExceptionOfType(TroubleHereException.class)
                    .isThrownBy(() -> load(placing, 0))
                    .withMessage("Version 0 cannot be written as loud now: java.io.IOException: The store is away.");
            assertThat(directory.resolve("served/.koine/aside")).isEmptyDirectory();
            isStoreAway = false;
            load(placing, 0);
            assertThat(Texts.read(directory.resolve("served"))).isEqualTo("version 0!");
        }
    }

    @Test
    void whatSomebodyChangedIsMadeAnewAndWhatIsOldGoesWithItsSeal() throws Exception {
        try (VersionsFolder folder = open()) {
            Placing placing = placing(folder);
            load(placing, 0);
            Files.writeString(directory.resolve("served/versions/0/model.txt"), "changed");
            load(placing, 0);
            assertThat(Texts.read(directory.resolve("served"))).isEqualTo("version 0!");
            load(placing, 2);
            load(placing, 3);
            assertThat(directory.resolve("served/.koine/seals").toFile().list()).containsExactlyInAnyOrder("2", "3");
        }
    }

    @Test
    void aFolderIsOfOneForm() throws Exception {
        try (VersionsFolder folder = open()) {
            load(placing(folder), 0);
        }
        assertThatIOException()
                .isThrownBy(() -> VersionsFolder.open(directory.resolve("served"), 2, Optional.empty()))
                .withMessageContainingAll("holds versions as loud, not as onnx", "a folder of its own");
    }
}
