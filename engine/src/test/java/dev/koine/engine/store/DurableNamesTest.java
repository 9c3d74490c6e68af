package dev.koine.engine.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A name outlasts a loss of power once the folder that it is in was forced; so do the names of the folders above it. */
class DurableNamesTest {
    @TempDir
    Path directory;

    private final Set<Path> lost = new HashSet<>();
    private Path place;

    @BeforeEach
    void choosePlace() {
        place = directory.resolve("data").resolve("store");
    }

    @Test
    void theFoldersOfAStoreOutlastALossOfPower() throws IOException {
        LocalStore.open(place, Runnable::run, new NamesOnly());
        assertThat(lost).isEmpty();
    }

    @Test
    void aRecordOutlastsALossOfPowerAndSoDoTheFoldersThatItIsIn() throws IOException {
        StoreRecords records =
                LocalStore.open(place, Runnable::run, new NamesOnly()).records();
        records.put("versions/demo/0/abc", new byte[] {1});
        assertThat(lost).isEmpty();
        records.put("versions/demo/1/abc", new byte[] {1});
        assertThat(lost).isEmpty();
    }

    @Test
    void foldersThatAProcessMadeBeforeItWasKilledAreForcedByTheNextOne() throws IOException {
        LocalStore store = LocalStore.open(place, Runnable::run, new NamesOnly());
        Path made = place.resolve("records").resolve("versions").resolve("demo");
        new NamesOnly().createDirectories(made);
        store.records().put("versions/demo/0/abc", new byte[] {1});
        assertThat(lost).isEmpty();
    }

    @Test
    void aRecordThatWasTakenAwayDoesNotComeBack() throws IOException {
        StoreRecords records =
                LocalStore.open(place, Runnable::run, new NamesOnly()).records();
        records.put("running/demo/0", new byte[] {1});
        records.delete("running/demo/0");
        records.delete("running/demo/1");
        assertThat(lost).isEmpty();
        assertThat(records.list("running")).isEmpty();
    }

    /** Knows which names a loss of power would undo, but for those of what is written aside. */
    private final class NamesOnly implements Disk {
        @Override
        public void force(Path path) {
            lost.removeAll(
                    lost.stream().filter(name -> path.equals(name.getParent())).collect(Collectors.toSet()));
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            Disk.REAL.rename(from, to);
            lost.add(to);
        }

        @Override
        public void touch(Path path) throws IOException {
            Disk.REAL.touch(path);
        }

        @Override
        public void createDirectories(Path folder) throws IOException {
            for (Path path = folder; path != null && !Files.exists(path); path = path.getParent()) {
                lost.add(path);
            }
            Disk.REAL.createDirectories(folder);
        }

        @Override
        public void delete(Path path) throws IOException {
            if (Files.exists(path) && !Objects.requireNonNull(path.getParent()).endsWith("aside")) {
                lost.add(path);
            }
            Disk.REAL.delete(path);
        }
    }
}
