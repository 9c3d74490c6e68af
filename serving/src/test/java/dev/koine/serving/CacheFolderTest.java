package dev.koine.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheFolderTest {
    private static final String TEMPORARY = "java.io.tmpdir";

    @TempDir
    Path directory;

    @Test
    void eachTakesTheFirstThatIsFree() throws Exception {
        ServingSettings settings = settings("demo");
        Path first;
        try (CacheFolder one = CacheFolder.take(settings);
                CacheFolder two = CacheFolder.take(settings)) {
            first = one.bundles();
            assertThat(two.bundles()).isNotEqualTo(first);
        }
        try (CacheFolder again = CacheFolder.take(settings)) {
            assertThat(again.bundles()).isEqualTo(first);
        }
    }

    @Test
    void anotherModelTopicOrBrokerHasFoldersOfItsOwn() throws Exception {
        ServingSettings settings = settings("a/b");
        try (CacheFolder one = CacheFolder.take(settings);
                CacheFolder two = CacheFolder.take(settings("a_b"));
                CacheFolder three = CacheFolder.take(settings.withUpdatesTopic("other"));
                CacheFolder four = CacheFolder.take(
                        ServingSettings.of("other:9092", "a/b").withCacheDirectory(directory.toString()))) {
            assertThat(List.of(one.bundles(), two.bundles(), three.bundles(), four.bundles()))
                    .doesNotHaveDuplicates()
                    .allSatisfy(bundles -> {
                        assertThat(bundles).startsWithRaw(directory).endsWithRaw(Path.of("0", "bundles"));
                        assertThat(directory.relativize(bundles).getNameCount()).isEqualTo(3);
                    });
        }
    }

    @Test
    void whereAllAreTakenThatIsSaid() throws Exception {
        List<CacheFolder> taken = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            taken.add(CacheFolder.take(settings("demo")));
        }
        assertThatIOException()
                .isThrownBy(() -> CacheFolder.take(settings("demo")))
                .withMessageContaining("in use by another process");
        for (CacheFolder each : taken) {
            each.close();
        }
    }

    @Test
    void inJavasTemporaryDirectoryItIsThisUsersAlone() throws Exception {
        String before = System.getProperty(TEMPORARY);
        System.setProperty(TEMPORARY, directory.toString());
        try {
            ServingSettings settings = ServingSettings.of("localhost:9092", "demo");
            Path root;
            try (CacheFolder folder = CacheFolder.take(settings)) {
                root = directory.relativize(folder.bundles()).getName(0);
            }
            Path made = directory.resolve(root);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
                    .isEqualTo("rwx------");
            Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxrwxrwx"));
            assertThatIOException()
                    .isThrownBy(() -> CacheFolder.take(settings))
                    .withMessageContaining("Others may write to " + made);
        } finally {
            System.setProperty(TEMPORARY, before);
        }
    }

    private ServingSettings settings(String model) {
        return ServingSettings.of("localhost:9092", model).withCacheDirectory(directory.toString());
    }
}
