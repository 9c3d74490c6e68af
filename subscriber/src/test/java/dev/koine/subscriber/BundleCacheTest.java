package dev.koine.subscriber;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

import dev.koine.engine.RejectedException;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundleCacheTest {
    @TempDir
    Path directory;

    @Test
    void keepsACopyWhenTheSourceHasGone() throws Exception {
        Bundle bundle = bundle("one");
        try (BundleCache cache = open()) {
            Path copy = fetch(cache, bundle);
            assertThat(copy.resolve("model.onnx")).hasContent("one");
            Files.delete(bundle.directory().resolve("model.onnx"));
            assertThat(fetch(cache, bundle)).isEqualTo(copy);
        }
    }

    @Test
    void fetchesADamagedCopyAgain() throws Exception {
        Bundle bundle = bundle("one");
        try (BundleCache cache = open()) {
            Path file = fetch(cache, bundle).resolve("model.onnx");
            Files.writeString(file, "eno");
            assertThat(fetch(cache, bundle).resolve("model.onnx")).hasContent("one");
        }
    }

    @Test
    void mendsACacheThatWasTamperedWith() throws Exception {
        Bundle bundle = bundle("one");
        try (BundleCache cache = open()) {
            Path copy = fetch(cache, bundle);
            Files.delete(copy.resolve("model.onnx"));
            Files.delete(copy);
            Files.writeString(copy, "a file");
            assertThat(fetch(cache, bundle).resolve("model.onnx")).hasContent("one");

            Files.move(directory.resolve("cache"), directory.resolve("moved"));
            assertThat(fetch(cache, bundle).resolve("model.onnx")).hasContent("one");
        }
    }

    @Test
    void aStoreThatIsNotMountedIsWorthAnotherTry() throws Exception {
        Bundle bundle = bundle("one");
        Files.move(directory.resolve("one"), directory.resolve("elsewhere"));
        try (BundleCache cache = open()) {
            assertThatIOException().isThrownBy(() -> fetch(cache, bundle)).withMessageContaining("Mount the store");
        }
    }

    @Test
    void leavesNothingOfABundleThatIsRefused() throws Exception {
        Bundle bundle = bundle("one");
        Files.writeString(bundle.directory().resolve("model.onnx"), "eno");
        try (BundleCache cache = open()) {
            assertThatExceptionOfType(RejectedException.class).isThrownBy(() -> fetch(cache, bundle));
            assertThat(names()).containsExactly("lock");
        }
    }

    @Test
    void keepsTheLastTwoAlsoWhereTheClockIsSetBack() throws Exception {
        try (BundleCache cache = open()) {
            Path one = fetch(cache, bundle("one"));
            Files.setLastModifiedTime(one, FileTime.from(Instant.now().plus(Duration.ofHours(1))));
            Path two = fetch(cache, bundle("two"));
            Path three = fetch(cache, bundle("three"));
            cache.prune(three);
            assertThat(one).doesNotExist();
            assertThat(two).exists();
        }
    }

    @Test
    void whatCannotBeStoredIsToldWithItsPlace() throws Exception {
        Bundle bundle = bundle("one");
        BundleSource full = (from, file) -> {
            throw new IOException("No space left on device");
        };
        try (BundleCache cache = BundleCache.open(directory.resolve("cache"), full)) {
            assertThatIOException()
                    .isThrownBy(() -> fetch(cache, bundle))
                    .withMessageContainingAll(
                            bundle.uri().toString(), directory.resolve("cache").toString(), "No space left");
        }
    }

    @Test
    void keepsTheLastTwoAndClearsWhatWasLeftHalfDone() throws Exception {
        Files.createDirectories(directory.resolve("cache/incoming-1/onnx"));
        try (BundleCache cache = open()) {
            Path one = fetch(cache, bundle("one"));
            Files.setLastModifiedTime(one, FileTime.fromMillis(1_000));
            Path two = fetch(cache, bundle("two"));
            Files.setLastModifiedTime(two, FileTime.fromMillis(2_000));
            Path three = fetch(cache, bundle("three"));
            cache.prune(three);
            assertThat(one).doesNotExist();
            assertThat(names()).hasSize(3).contains("lock");
            assertThat(two).exists();
        }
    }

    @Test
    void hasOneOwner() throws Exception {
        try (BundleCache cache = open()) {
            assertThatIOException().isThrownBy(this::open).withMessageContaining("in use by another subscriber");
            assertThat(cache).isNotNull();
        }
        open().close();
    }

    private static Path fetch(BundleCache cache, Bundle bundle) throws Exception {
        return cache.fetch(bundle, incoming -> cache.copy(bundle, incoming));
    }

    private BundleCache open() throws Exception {
        return BundleCache.open(directory.resolve("cache"), BundleSource.LOCAL);
    }

    private Bundle bundle(String contents) throws Exception {
        Path source = Files.createDirectories(directory.resolve(contents));
        Files.writeString(source.resolve("model.onnx"), contents);
        return Bundle.describe(source);
    }

    private List<String> names() throws Exception {
        try (Stream<Path> paths = Files.list(directory.resolve("cache"))) {
            return paths.map(path -> path.getFileName().toString())
                    .filter(name -> !name.startsWith("lock."))
                    .toList();
        }
    }
}
