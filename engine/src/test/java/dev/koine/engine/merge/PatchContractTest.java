package dev.koine.engine.merge;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.koine.engine.Progress;
import dev.koine.engine.WorkPool;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.merge.method.MergeMethods;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.engine.store.LocalStore;
import dev.koine.engine.store.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The files that services in other languages are held against, which compute a version from its base and its task vectors: Java comes to
 * the digest that each update announces. Written anew with {@code -Dpatches.write=true}.
 */
class PatchContractTest {
    private static final Path FOLDER = Path.of("src/test/resources/dev/koine/engine/merge/patches");
    private static final long MOST_BYTES = 1 << 20;

    @TempDir
    Path temporary;

    @BeforeAll
    static void write() throws Exception {
        if (Boolean.getBoolean("patches.write")) {
            PatchContractWriter.write(FOLDER);
        }
    }

    static Stream<JsonNode> lines() throws Exception {
        List<JsonNode> lines = new ArrayList<>();
        new ObjectMapper().readTree(FOLDER.resolve("lines.json").toFile()).forEach(lines::add);
        return lines.stream();
    }

    @ParameterizedTest(name = "{index}")
    @MethodSource("lines")
    void javaComesToWhatIsAnnounced(JsonNode line) throws Exception {
        ModelBundle base = ModelBundle.open(
                FOLDER.resolve("bases").resolve(line.get("folder").asText()));
        for (JsonNode update : line.get("updates")) {
            assertThat(Bundle.describe(base.directory()).files()).isEqualTo(files(update.get("base")));
            Recipe recipe = recipe(update);
            if (!update.get("scalesDigest").isNull()) {
                continue;
            }
            LocalStore store = LocalStore.open(Files.createTempDirectory(temporary, "store"));
            List<Member> members = new ArrayList<>();
            for (JsonNode expert : update.get("experts")) {
                members.add(member(expert, store));
            }
            Path version = Files.createTempDirectory(temporary, "version");
            try (WorkPool pool = new WorkPool(2);
                    RunningModel model = RunningModel.restore(base, recipe, store, temporary, pool, members)) {
                model.write(version, model.scales(), Progress.NONE);
            }
            Bundle written = Bundle.describe(version);
            assertThat(written.digest()).isEqualTo(update.get("digest").asText());
            assertThat(written.files()).isEqualTo(files(update.get("bundle")));
        }
    }

    /** Whoever follows a line, version after version, and whoever comes to a version at once. */
    @ParameterizedTest(name = "{index}")
    @MethodSource("lines")
    void whoIsToldMembersAndScaleComesToIt(JsonNode line) throws Exception {
        Path base = FOLDER.resolve("bases").resolve(line.get("folder").asText());
        List<JsonNode> updates = new ArrayList<>();
        for (JsonNode update : line.get("updates")) {
            if (!recipe(update).method().isWeighed()
                    && update.get("scalesDigest").isNull()) {
                updates.add(update);
            }
        }
        LocalStore store = LocalStore.open(Files.createTempDirectory(temporary, "store"));
        String digest =
                store.<IOException>putBundle(target -> copy(base, target)).digest();
        try (WorkPool pool = new WorkPool(2)) {
            for (int first = 0; first < updates.size(); first++) {
                List<JsonNode> followed = updates.subList(first, updates.size());
                Path totals = Files.createTempDirectory(temporary, "totals");
                try (ComputedModel model = ComputedModel.open(digest, recipe(followed.get(0)), store, totals, pool)) {
                    for (JsonNode update : followed) {
                        List<Member> members = new ArrayList<>();
                        for (JsonNode expert : update.get("experts")) {
                            members.add(member(expert, store));
                        }
                        Path version = Files.createTempDirectory(temporary, "version");
                        List<BundleFile> written =
                                model.write(members, update.get("scale").asDouble(1), version);
                        assertThat(written).containsExactlyInAnyOrderElementsOf(files(update.get("bundle")));
                        assertThat(Bundle.describe(version).digest())
                                .isEqualTo(update.get("digest").asText());
                    }
                }
            }
        }
    }

    private static void copy(Path folder, Path target) throws IOException {
        for (Path file : FileTree.files(folder)) {
            Path to = target.resolve(folder.relativize(file).toString());
            Files.createDirectories(to.getParent());
            Files.copy(file, to);
        }
    }

    private static Recipe recipe(JsonNode update) throws Exception {
        JsonNode said = update.get("recipe");
        return Recipe.PUBLISHED
                .with(MergeMethods.of(said.get("method").asText()))
                .with(parameters -> parameters.withSlack(said.get("slack").asDouble()))
                .with(Scale.fixed(update.get("scale").asDouble()));
    }

    /** A member whose task vector is in the store when the files on its list are. */
    private static Member member(JsonNode expert, LocalStore store) throws Exception {
        JsonNode patch = expert.get("patch");
        BundleFile list = files(patch.get("list")).get(0);
        assertThat(put(store, list)).isEqualTo(Sha256.PREFIX + list.sha256());
        Patch read = Patch.read(FOLDER.resolve("artifacts").resolve(list.path()));
        assertThat(read.bytes()).isEqualTo(patch.get("bytes").asLong());
        for (BundleFile file : read.artifacts().files()) {
            put(store, file);
        }
        if (read.statistics() != null) {
            putStatistics(store, read.statistics());
        }
        return new Member(
                expert.get("taskVectorDigest").asText(), expert.get("weight").asDouble());
    }

    private static void putStatistics(LocalStore store, Bundle statistics) throws Exception {
        Path kept = FOLDER.resolve("statistics").resolve(statistics.digest().substring(Sha256.PREFIX.length()));
        store.<IOException>putBundle(target -> {
            for (BundleFile file : statistics.files()) {
                Files.copy(kept.resolve(file.path()), target.resolve(file.path()));
            }
        });
    }

    private static String put(LocalStore store, BundleFile file) throws Exception {
        return store.put(target -> Files.copy(
                FOLDER.resolve("artifacts").resolve(file.path()), target, StandardCopyOption.REPLACE_EXISTING));
    }

    private static List<BundleFile> files(JsonNode bundle) throws Exception {
        List<BundleFile> files = new ArrayList<>();
        for (JsonNode file : bundle.get("files")) {
            files.add(new BundleFile(
                    file.get("path").asText(),
                    file.get("size").asLong(),
                    file.get("sha256").asText()));
        }
        return files;
    }

    @Test
    void theFilesStaySmall() throws Exception {
        long bytes = 0;
        try (Stream<Path> files = Files.walk(FOLDER)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                bytes += Files.size(file);
            }
        }
        assertThat(bytes).isLessThan(MOST_BYTES);
    }
}
