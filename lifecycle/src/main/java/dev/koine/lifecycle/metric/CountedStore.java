package dev.koine.lifecycle.metric;

import dev.koine.engine.file.FileTree;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.StoreRecords;
import dev.koine.engine.store.StoredArtifact;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.function.LongConsumer;

/** A store that counts the bytes that are put into it; its own records, which are small, are not counted. */
public final class CountedStore implements ArtifactStore {
    private final ArtifactStore store;
    private final LongConsumer written;

    public CountedStore(ArtifactStore store, Instruments instruments) {
        this.store = store;
        this.written = instruments.counter(JobMetrics.STORE_WRITTEN);
    }

    /** Writes as another does, and looks at how much that was. */
    private static final class Measured<X extends Exception> implements Writer<X> {
        private final Writer<X> writer;
        private long bytes;

        Measured(Writer<X> writer) {
            this.writer = writer;
        }

        @Override
        public void write(Path target) throws IOException, X {
            writer.write(target);
            bytes = 0;
            for (Path file : FileTree.files(target)) {
                bytes += Files.size(file);
            }
        }
    }

    @Override
    public <X extends Exception> String put(Writer<X> writer) throws IOException, X {
        Measured<X> measured = new Measured<>(writer);
        String digest = store.put(measured);
        written.accept(measured.bytes);
        return digest;
    }

    @Override
    public <X extends Exception> Bundle putBundle(Writer<X> writer) throws IOException, X {
        Measured<X> measured = new Measured<>(writer);
        Bundle bundle = store.putBundle(measured);
        written.accept(measured.bytes);
        return bundle;
    }

    @Override
    public Path get(String digest) throws IOException {
        return store.get(digest);
    }

    @Override
    public Path bundle(String digest) throws IOException {
        return store.bundle(digest);
    }

    @Override
    public URI address(String digest) throws IOException {
        return store.address(digest);
    }

    @Override
    public boolean renew(StoredArtifact.Kind kind, String digest) throws IOException {
        return store.renew(kind, digest);
    }

    @Override
    public StoreRecords records() {
        return store.records();
    }

    @Override
    public List<StoredArtifact> list() throws IOException {
        return store.list();
    }

    @Override
    public boolean remove(StoredArtifact listed) throws IOException {
        return store.remove(listed);
    }

    @Override
    public int removeUnfinished(Instant before) throws IOException {
        return store.removeUnfinished(before);
    }
}
