package dev.koine.subscriber;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import dev.koine.engine.file.FileTree;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleSource;
import dev.koine.events.Bundles;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is computed here is what was announced, or it is fetched whole. */
class VersionFetchTest {
    @TempDir
    Path directory;

    private final List<Fetched> came = new ArrayList<>();
    private MergedLine line;
    private boolean isStoreAway;
    private boolean isPieceAway;

    @BeforeEach
    void begin() throws Exception {
        line = new MergedLine(directory.resolve("line"));
    }

    @Test
    void aServiceWithTheBaseFetchesTaskVectorsAlone() throws Exception {
        MergedExpert one = line.expert(1, 1);
        MergedExpert two = line.expert(2, 0.5);
        try (VersionFetch versions = open()) {
            serve(versions, line.base());
            long whole = fetched();
            serve(versions, line.version(1, one));
            serve(versions, line.version(2, one, two));
            serve(versions, line.version(3, line.expert(2, -2), one));
            serve(versions, line.version(4));
            serve(versions, line.version(5, two));
            assertThat(computed()).isEqualTo(5);
            long ofVectors = one.getPatch().getBytes() + 2 * two.getPatch().getBytes();
            assertThat(fetched() - whole).isBetween(ofVectors, 2 * ofVectors).isLessThan(whole);
        }
    }

    @Test
    void anyHistoryGivesWhatWasAnnounced() throws Exception {
        Random random = new Random(7);
        VersionFetch versions = open();
        serve(versions, line.base());
        for (int number = 1; number <= 12; number++) {
            List<MergedExpert> inside = new ArrayList<>(List.of(line.expert(20, random.nextGaussian())));
            for (int expert = 0; expert < 4; expert++) {
                if (random.nextBoolean()) {
                    inside.add(line.expert(expert, random.nextInt(3) - 1.5));
                }
            }
            serve(versions, line.version(number, inside.toArray(MergedExpert[]::new)));
            if (random.nextInt(3) == 0) {
                versions.close();
                versions = open();
            }
        }
        versions.close();
        assertThat(computed()).isEqualTo(12);
    }

    @Test
    void whoJoinsLateTakesAWholeVersionAndTheBaseWithTheNext() throws Exception {
        MergedExpert one = line.expert(1, 1);
        try (VersionFetch versions = open()) {
            ModelUpdate first = line.version(1, one);
            serve(versions, first);
            assertThat(came.get(0)).hasToString(Bundles.of(first).bytes() + " bytes, whole: the base is not here yet");
            serve(versions, line.version(2, one, line.expert(2, 1)));
            assertThat(computed()).isEqualTo(1);
        }
    }

    @Test
    void anUpdateOfAnOlderReleaseIsFetchedWhole() throws Exception {
        MergedExpert old =
                MergedExpert.newBuilder(line.expert(1, 1)).setPatch(null).build();
        ModelUpdate withoutBase = line.version(2, line.expert(2, 1));
        withoutBase.setBase(null);
        try (VersionFetch versions = open()) {
            serve(versions, line.base());
            serve(versions, line.version(1, old));
            serve(versions, withoutBase);
            assertThat(computed()).isZero();
        }
    }

    @Test
    void whatTheStoreHasNotAnyMoreIsFetchedWhole() throws Exception {
        ModelUpdate version = line.version(1, line.expert(1, 1));
        try (VersionFetch versions = open()) {
            serve(versions, line.base());
            isPieceAway = true;
            serve(versions, version);
            assertThat(computed()).isZero();
        }
    }

    @Test
    void aTaskVectorThatWasGarbledHereIsLetGoOf() throws Exception {
        MergedExpert one = line.expert(1, 1);
        try (VersionFetch versions = open()) {
            serve(versions, line.base());
            serve(versions, line.version(1, one));
        }
        List<Path> pieces = files(directory.resolve("patches/held/artifacts"));
        for (Path piece : pieces) {
            byte[] content = Files.readAllBytes(piece);
            content[content.length - 2] ^= 0x40;
            Files.write(piece, content);
        }
        FileTree.clear(directory.resolve("patches/totals"));
        try (VersionFetch versions = open()) {
            serve(versions, line.version(2, one, line.expert(2, 1)));
            assertThat(computed()).isEqualTo(1);
            serve(versions, line.version(3, line.expert(2, 1)));
            assertThat(computed()).isEqualTo(2);
        }
    }

    @Test
    void aStartGoesOnFromTheTotalsOfTheOneBefore() throws Exception {
        MergedExpert one = line.expert(1, 1);
        try (VersionFetch versions = open()) {
            serve(versions, line.base());
            serve(versions, line.version(1, one));
        }
        try (Stream<Path> pieces = Files.list(directory.resolve("patches/held/artifacts"))) {
            for (Path piece : pieces.toList()) {
                if (!isList(piece)) {
                    Files.write(piece, new byte[7]);
                }
            }
        }
        try (VersionFetch versions = open()) {
            serve(versions, line.version(2, one, line.expert(2, 1)));
            assertThat(computed()).as("the first task vector is not read again").isEqualTo(2);
        }
    }

    private static boolean isList(Path artifact) throws IOException {
        return Files.readString(artifact, StandardCharsets.ISO_8859_1).contains("\"artifacts\"");
    }

    @Test
    void totalsThatWereGarbledAreAddedUpAnew() throws Exception {
        MergedExpert one = line.expert(1, 1);
        MergedExpert two = line.expert(2, 0.5);
        try (VersionFetch versions = open()) {
            serve(versions, line.base());
            serve(versions, line.version(1, one));
        }
        Path totals = directory.resolve("patches/totals/totals");
        byte[] content = Files.readAllBytes(totals);
        content[content.length / 2] ^= 0x40;
        Files.write(totals, content);
        try (VersionFetch versions = open()) {
            serve(versions, line.version(2, one, two));
        }
        Files.delete(totals);
        try (VersionFetch versions = open()) {
            serve(versions, line.version(3, two));
        }
        Path list = directory.resolve("patches/totals/totals.json");
        Files.writeString(list, Files.readString(list).substring(9));
        try (VersionFetch versions = open()) {
            serve(versions, line.version(4, one));
        }
        assertThat(computed()).isEqualTo(4);
    }

    @Test
    void whatIsInTheTotalsAndNotHereAnyMoreIsLeftOut() throws Exception {
        MergedExpert one = line.expert(1, 1);
        MergedExpert two = line.expert(2, 0.5);
        ModelUpdate whole = line.version(2, two);
        whole.getExperts().get(0).setPatch(null);
        try (VersionFetch versions = open()) {
            serve(versions, line.base());
            serve(versions, line.version(1, one));
            serve(versions, whole);
            assertThat(computed()).isEqualTo(1);
            serve(versions, line.version(3, line.expert(3, 0.5)));
            assertThat(computed()).isEqualTo(2);
        }
    }

    @Test
    void anotherModelUnderAnExpertsNameIsFetchedWhole() throws Exception {
        ModelUpdate said = line.version(1, line.expert(1, 1));
        said.setExperts(List.of(line.expert(2, 1)));
        ModelUpdate scaled = line.version(2, line.expert(1, 1));
        scaled.setScale(1e300);
        try (VersionFetch versions = open()) {
            serve(versions, line.base());
            serve(versions, said);
            serve(versions, scaled);
            assertThat(computed()).isZero();
        }
    }

    @Test
    void aListThatSaysOtherThanTheUpdateIsFetchedWhole() throws Exception {
        ModelUpdate version = line.version(1, line.expert(1, 1));
        version.getExperts().get(0).getPatch().setBytes(17);
        try (VersionFetch versions = open()) {
            serve(versions, line.base());
            serve(versions, version);
            assertThat(computed()).isZero();
        }
    }

    @Test
    void aStoreThatIsAwayIsWorthAnotherTry() throws Exception {
        ModelUpdate version = line.version(1, line.expert(1, 1));
        try (VersionFetch versions = open()) {
            serve(versions, line.base());
            isStoreAway = true;
            assertThatIOException()
                    .isThrownBy(() -> versions.fetch(version, Bundles.of(version), came::add))
                    .withMessageContaining("away");
            isStoreAway = false;
            serve(versions, version);
            assertThat(computed()).isEqualTo(1);
        }
    }

    @Test
    void nothingOfOlderVersionsStays() throws Exception {
        MergedExpert one = line.expert(1, 1);
        MergedExpert two = line.expert(2, 1);
        try (VersionFetch versions = open()) {
            serve(versions, line.base());
            serve(versions, line.version(1, one));
            List<Path> held = files(directory.resolve("patches/held/artifacts"));
            serve(versions, line.version(2, one, two));
            serve(versions, line.version(3, one));
            assertThat(files(directory.resolve("patches/held/artifacts"))).containsExactlyInAnyOrderElementsOf(held);
        }
        assertThat(files(directory.resolve("patches/totals"))).hasSize(2);
        assertThat(files(directory.resolve("patches/held/aside"))).isEmpty();
        assertThat(files(directory.resolve("cache")))
                .noneMatch(path -> path.getFileName().toString().startsWith("incoming"));
    }

    @Test
    void whatACrashLeftIsCleared() throws Exception {
        open().close();
        List<Path> left = List.of(
                directory.resolve("patches/totals/koine-totals-1.integers"),
                directory.resolve("patches/held/aside/half"),
                directory.resolve("patches/held/lists/list-1.json"),
                directory.resolve("cache/incoming-1/model.onnx"));
        for (Path path : left) {
            Files.createDirectories(path.getParent());
            Files.writeString(path, "half");
        }
        open().close();
        assertThat(left).noneMatch(Files::exists);
    }

    private void serve(VersionFetch versions, ModelUpdate update) throws Exception {
        Path copy = versions.fetch(update, Bundles.of(update), came::add);
        assertThat(Bundle.describe(copy).digest()).isEqualTo(update.getDigest());
        versions.served(update, copy);
    }

    private VersionFetch open() throws Exception {
        BundleSource source = (bundle, file) -> {
            if (isStoreAway) {
                throw new IOException("away");
            }
            if (isPieceAway && bundle.uri().getPath().endsWith("artifacts/")) {
                throw file.missing("there");
            }
            return BundleSource.LOCAL.open(bundle, file);
        };
        BundleCache cache = BundleCache.open(directory.resolve("cache"), source);
        return VersionFetch.patching(cache, directory.resolve("patches"), source, 1);
    }

    private long fetched() {
        return came.stream().mapToLong(Fetched::bytes).sum();
    }

    private long computed() {
        return came.stream().filter(Fetched::isComputed).count();
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> paths = Files.list(folder)) {
            return paths.toList();
        }
    }
}
