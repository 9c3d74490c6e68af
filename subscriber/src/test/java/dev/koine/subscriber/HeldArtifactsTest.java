package dev.koine.subscriber;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.Patch;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.engine.store.BundleSource;
import dev.koine.engine.store.LocalStore;
import dev.koine.events.Bundles;
import dev.koine.schemas.MergedExpert;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many files come side by side, and not more than are meant to. */
class HeldArtifactsTest {
    private static final int FILES = 5 * HeldArtifacts.AT_ONCE;

    @TempDir
    Path directory;

    private final AtomicInteger asked = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger mostOpen = new AtomicInteger();
    private MergedExpert expert;
    private Patch patch;

    @BeforeEach
    void store() throws Exception {
        LocalStore store = LocalStore.open(directory.resolve("store"));
        List<String> digests = new ArrayList<>();
        for (int i = 0; i < FILES; i++) {
            String text = "file " + i;
            digests.add(store.put(target -> Files.writeString(target, text)));
        }
        patch = new Patch(store.files(digests), null);
        expert = MergedExpert.newBuilder()
                .setExpertId("e")
                .setRevision(1)
                .setLanguages(List.of("de"))
                .setTasks(List.of("TRANSCRIBE"))
                .setWeight(1)
                .setBundleDigest("")
                .setTaskVectorDigest("")
                .setPatch(new dev.koine.schemas.Patch(Bundles.toAvro(patch.put(store)), patch.bytes()))
                .build();
    }

    @Test
    void asManyFilesAsMayBeAreReadAtOnce() throws Exception {
        CountDownLatch allAreOpen = new CountDownLatch(HeldArtifacts.AT_ONCE);
        HeldArtifacts held = held((bundle, file) -> {
            if (isPiece(bundle)) {
                allAreOpen.countDown();
                await(allAreOpen);
            }
            return counted(bundle, file);
        });
        held.fetch(expert);
        assertThat(held.has(expert)).isTrue();
        assertThat(held.store().files(digests()).bytes()).isEqualTo(patch.bytes());
        assertThat(asked).hasValue(FILES);
        assertThat(mostOpen.get()).isBetween(1, HeldArtifacts.AT_ONCE);
    }

    @Test
    void aStoreThatFailsIsNotAskedForTheRest() throws Exception {
        HeldArtifacts away = held((bundle, file) -> {
            if (isPiece(bundle) && asked.incrementAndGet() > HeldArtifacts.AT_ONCE) {
                throw new IOException("away");
            }
            return BundleSource.LOCAL.open(bundle, file);
        });
        assertThatIOException().isThrownBy(() -> away.fetch(expert)).withMessageContaining("away");
        assertThat(asked.get()).isBetween(HeldArtifacts.AT_ONCE + 1, 2 * HeldArtifacts.AT_ONCE);
        assertThat(away.has(expert)).isFalse();

        asked.set(0);
        HeldArtifacts back = held(this::counted);
        back.fetch(expert);
        assertThat(asked).as("what came before is not asked for again").hasValue(FILES - HeldArtifacts.AT_ONCE);
        assertThat(back.has(expert)).isTrue();
    }

    private HeldArtifacts held(BundleSource source) throws IOException {
        return HeldArtifacts.open(directory.resolve("held"), source);
    }

    private List<String> digests() {
        return patch.artifacts().files().stream()
                .map(file -> "sha256:" + file.sha256())
                .toList();
    }

    private boolean isPiece(Bundle bundle) {
        return bundle.equals(patch.artifacts());
    }

    private InputStream counted(Bundle bundle, BundleFile file) throws IOException, RejectedException {
        InputStream in = BundleSource.LOCAL.open(bundle, file);
        if (!isPiece(bundle)) {
            return in;
        }
        asked.incrementAndGet();
        mostOpen.accumulateAndGet(open.incrementAndGet(), Math::max);
        return new FilterInputStream(in) {
            @Override
            public void close() throws IOException {
                open.decrementAndGet();
                super.close();
            }
        };
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            if (!latch.await(2, TimeUnit.MINUTES)) {
                throw new IOException("Files are asked for one after the other.");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }
}
