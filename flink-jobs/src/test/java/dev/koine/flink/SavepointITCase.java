package dev.koine.flink;

import static dev.koine.flink.harness.KoineHarness.updated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.broker.EmbeddedBroker;
import dev.koine.engine.Progress;
import dev.koine.engine.WorkPool;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.merge.OfflineMerge;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.events.Bundles;
import dev.koine.events.Outcome;
import dev.koine.flink.harness.KoineHarness;
import dev.koine.flink.harness.RecordedTopic;
import dev.koine.flink.harness.ReleaseRecorder;
import dev.koine.flink.harness.Replacement;
import dev.koine.flink.harness.SavepointContents;
import dev.koine.flink.topics.TopicSetup;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Topics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A job goes on where an older one was stopped: an earlier release, another parallelism, another place of the store. */
class SavepointITCase {
    private static final Path RELEASES =
            Path.of("src", "test", "resources", "releases").toAbsolutePath();

    @TempDir
    Path directory;

    private Path root;

    @BeforeEach
    void makeRoot() throws Exception {
        root = Replacement.folderBelow(directory);
    }

    static List<String> releases() throws Exception {
        try (Stream<Path> folders = Files.list(RELEASES)) {
            return folders.filter(Files::isDirectory)
                    .map(folder -> folder.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("releases")
    void goesOnFromWhatAReleaseLeftBehind(String release) throws Exception {
        try (KoineHarness koine = restored(RELEASES.resolve(release), 2)) {
            int before = countUpdates(release);
            int inbound = countInbound(release);
            int waiting = 1;
            assertThat(before).isLessThan(inbound - waiting);
            koine.awaitAll(inbound - waiting);

            assertThat(updated(koine.register("three", input("base"))).getVersion())
                    .isZero();
            List<Outcome> caughtUp = koine.awaitAll(inbound + 1);
            assertThat(caughtUp).hasSize(inbound + 1);
            assertThat(root.resolve("moved")).doesNotExist();

            ModelUpdate again = updated(koine.merge("one", "es", 1, input("es")));
            ModelUpdate older = updated(koine.retract("one", "de"));
            ModelUpdate newer = updated(koine.merge("two", "es", 2, input("de-2")));
            assertThat(Stream.of(again, older, newer)
                            .map(update -> update.getCause().getChange().name()))
                    .containsExactly("MERGED", "RETRACTED", "REPLACED");

            assertEachVersionIsWhatItSays(koine, before);
        }
        assertStatesKeepTheirNames(release);
    }

    @Test
    void goesOnWithAnotherParallelismAfterEachStop() throws Exception {
        String release = releases().get(releases().size() - 1);
        int inbound = countInbound(release);
        try (KoineHarness koine = restored(RELEASES.resolve(release), 1)) {
            koine.awaitAll(inbound - 1);
            updated(koine.retract("one", "fr"));
        }
        for (int slots : new int[] {2, 3}) {
            try (KoineHarness koine = KoineHarness.start(root, EmbeddedBroker.start(root.resolve("kafka")), slots)) {
                updated(koine.merge("one", "fr", slots, input("fr")));
                updated(koine.merge("two", "fr", slots, input("fr")));
                updated(koine.retract("two", "fr"));
            }
        }
        try (KoineHarness koine = KoineHarness.start(root)) {
            updated(koine.register("three", input("base")));
            assertThat(koine.awaitAll(inbound + 8)).hasSize(inbound + 8);
            assertEachVersionIsWhatItSays(koine, countUpdates(release));
        }
    }

    /** Where the savepoint of a release lies. */
    static Path savepoint(String release) {
        return RELEASES.resolve(release).resolve("savepoints").resolve("savepoint");
    }

    /** A state by another name is an empty one, of which Flink says nothing. */
    private void assertStatesKeepTheirNames(String release) throws Exception {
        Map<String, Set<String>> today = new HashMap<>();
        try (Stream<Path> savepoints = Files.list(root.resolve("flink").resolve("savepoints"))) {
            for (Path savepoint :
                    savepoints.filter(path -> !path.endsWith("savepoint")).toList()) {
                today.putAll(SavepointContents.read(savepoint));
            }
        }
        SavepointContents.read(savepoint(release)).forEach((operator, names) -> assertThat(today.get(operator))
                .as("the states of an operator")
                .containsAll(names));
    }

    /** A job of today with all that a release had, its store elsewhere than it was. */
    private KoineHarness restored(Path recorded, int slots) throws Exception {
        Replacement here = new Replacement(Replacement.NOWHERE, root.toString());
        here.copy(recorded.resolve("inputs"), root.resolve("inputs"));
        here.copy(recorded.resolve("savepoints"), directory.resolve("savepoints"));
        movedStore().copy(directory.resolve("savepoints"), root.resolve("flink").resolve("savepoints"));
        here.copy(recorded.resolve("store"), root.resolve("store"));
        EmbeddedBroker broker = EmbeddedBroker.start(root.resolve("kafka"));
        Properties kafka = new Properties();
        kafka.put("bootstrap.servers", broker.bootstrapServers());
        TopicSetup.createMissing(kafka, Topics.DEFAULT, 2);
        for (String topic : ReleaseRecorder.TOPICS) {
            boolean isRead = topic.equals(Topics.DEFAULT.models()) || topic.equals(Topics.DEFAULT.experts());
            RecordedTopic.read(recorded.resolve("topics"), topic, here).refill(kafka, isRead);
        }
        return KoineHarness.start(root, broker, slots);
    }

    /** In what the older job left, the store is at a place that is no more. */
    private Replacement movedStore() {
        return new Replacement(root + "/store/", root + "/moved/");
    }

    private Path input(String name) {
        return root.resolve("inputs").resolve(name);
    }

    private static int countInbound(String release) throws Exception {
        return count(release, Topics.DEFAULT.models()) + count(release, Topics.DEFAULT.experts());
    }

    private static int countUpdates(String release) throws Exception {
        return count(release, Topics.DEFAULT.updates());
    }

    private static int count(String release, String topic) throws Exception {
        Path topics = RELEASES.resolve(release).resolve("topics");
        return RecordedTopic.read(topics, topic, new Replacement("", ""))
                .records()
                .size();
    }

    /** Versions are gapless, each is the offline merge of the experts that it names, and lies where it says if it is a new one. */
    private void assertEachVersionIsWhatItSays(KoineHarness koine, int recorded) throws Exception {
        List<ModelUpdate> updates =
                koine.all().stream().map(KoineHarness::updated).toList();
        assertThat(updates).hasSizeGreaterThan(recorded);
        Map<String, Long> versions = new HashMap<>();
        for (ModelUpdate update : updates) {
            long next = versions.merge(update.getModelId(), 0L, (last, zero) -> last + 1);
            assertThat(update.getVersion()).as(update.getModelId()).isEqualTo(next);
            assertThat(update.getDigest()).isEqualTo(mergedOffline(update.getExperts()));
            Bundle bundle = Bundles.fromAvro(update.getBundle());
            BundleVerifier.verify(bundle, bundle.directory());
        }
        assertThat(versions).containsOnlyKeys("one", "two", "three");
    }

    private String mergedOffline(List<MergedExpert> experts) throws Exception {
        Map<String, Path> inputs = new HashMap<>();
        for (String name : List.of("de", "de-2", "fr", "es")) {
            inputs.put(Bundle.describe(input(name)).digest(), input(name));
        }
        Path target = Files.createTempDirectory(directory, "merged");
        try (WorkPool pool = new WorkPool(1)) {
            new OfflineMerge(ModelBundle.open(input("base")), Recipe.PUBLISHED, Lanczos::truncate, pool, Progress.NONE)
                    .merge(
                            experts.stream()
                                    .map(expert -> new OfflineMerge.Expert(
                                            Objects.requireNonNull(inputs.get(expert.getBundleDigest())),
                                            expert.getWeight()))
                                    .toList(),
                            target);
        }
        return Bundle.describe(target).digest();
    }
}
