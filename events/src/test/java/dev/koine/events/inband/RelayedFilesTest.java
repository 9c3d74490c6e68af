package dev.koine.events.inband;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.Patch;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleSource;
import dev.koine.engine.store.LocalStore;
import dev.koine.events.Bundles;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import dev.koine.testkit.Updates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What of a version is sent: its files, or what it can be computed from. */
class RelayedFilesTest {
    @TempDir
    Path directory;

    private LocalStore store;
    private Bundle base;
    private Bundle merged;
    private Patch patch;
    private Bundle list;
    private Bundle statistics;

    @BeforeEach
    void keep() throws Exception {
        store = LocalStore.open(directory.resolve("store"));
        base = store.<IOException>putBundle(target -> Files.writeString(target.resolve("model.onnx"), "base"));
        merged = store.<IOException>putBundle(target -> Files.writeString(target.resolve("model.onnx"), "merged"));
        statistics = store.<IOException>putBundle(target -> Files.writeString(target.resolve("grams"), "grams"));
        List<String> pieces = List.of(
                store.<IOException>put(file -> Files.writeString(file, "piece 0")),
                store.<IOException>put(file -> Files.writeString(file, "piece 1")));
        patch = new Patch(store.files(pieces), statistics);
        list = patch.put(store);
    }

    @Test
    void filesOrPartsOrBoth() throws Exception {
        ModelUpdate update = update(true);
        Set<String> files = digests(merged);
        Set<String> parts = digests(base, list, patch.artifacts(), statistics);
        assertThat(relayed(update, RelayedContent.BUNDLES)).isEqualTo(files).hasSize(1);
        assertThat(relayed(update, RelayedContent.PATCHES)).isEqualTo(parts).hasSize(5);
        parts.addAll(files);
        assertThat(relayed(update, RelayedContent.ALL)).isEqualTo(parts);
    }

    @Test
    void anUpdateThatDoesNotSayItsPartsIsSentWhole() throws Exception {
        assertThat(relayed(update(false), RelayedContent.PATCHES))
                .isEqualTo(relayed(update(false), RelayedContent.ALL))
                .containsAll(digests(merged));
        ModelUpdate first = Updates.of("m", 0, base.digest(), Bundles.toAvro(base));
        assertThat(relayed(first, RelayedContent.PATCHES)).isEqualTo(digests(base));
    }

    @Test
    void aListThatIsNotAsListedIsRefused() throws Exception {
        ModelUpdate update = update(true);
        Path file = list.directory().resolve(list.files().get(0).path());
        file.toFile().setWritable(true);
        Files.writeString(file, "x".repeat((int) list.files().get(0).size()));
        assertThatThrownBy(() -> relayed(update, RelayedContent.ALL)).isInstanceOf(RejectedException.class);
        assertThat(relayed(update, RelayedContent.BUNDLES)).isEqualTo(digests(merged));
    }

    private ModelUpdate update(boolean hasPatch) {
        ModelUpdate update = Updates.of("m", 1, merged.digest(), Bundles.toAvro(merged));
        update.setBase(Bundles.toAvro(base));
        update.setExperts(List.of(MergedExpert.newBuilder()
                .setExpertId("de")
                .setRevision(1L)
                .setLanguages(List.of("de"))
                .setTasks(List.of())
                .setWeight(1)
                .setBundleDigest("sha256:" + "cd".repeat(32))
                .setTaskVectorDigest("sha256:" + "ef".repeat(32))
                .setPatch(hasPatch ? new dev.koine.schemas.Patch(Bundles.toAvro(list), patch.bytes()) : null)
                .build()));
        return update;
    }

    private static Set<String> relayed(ModelUpdate update, RelayedContent content) throws Exception {
        Set<String> digests = new TreeSet<>();
        RelayedFiles.of(update, content, BundleSource.LOCAL).keySet().forEach(file -> digests.add(file.sha256()));
        return digests;
    }

    private static Set<String> digests(Bundle... bundles) {
        Set<String> digests = new TreeSet<>();
        for (Bundle bundle : bundles) {
            bundle.files().forEach(file -> digests.add(file.sha256()));
        }
        return digests;
    }
}
