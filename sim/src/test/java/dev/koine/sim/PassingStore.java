package dev.koine.sim;

import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.StoreRecords;
import dev.koine.engine.store.StoredArtifact;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A store that passes everything on, for those that pass on something else in one place. */
class PassingStore implements ArtifactStore {
    private final ArtifactStore store;

    PassingStore(ArtifactStore store) {
        this.store = store;
    }

    @Override
    public <X extends Exception> String put(Writer<X> writer) throws IOException, X {
        return store.put(writer);
    }

    @Override
    public Path get(String digest) throws IOException {
        return store.get(digest);
    }

    @Override
    public <X extends Exception> Bundle putBundle(Writer<X> writer) throws IOException, X {
        return store.putBundle(writer);
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

    void putRecord(String name, byte[] content) throws IOException {
        store.records().put(name, content);
    }

    List<String> listRecords(String below) throws IOException {
        return store.records().list(below);
    }

    @Override
    public StoreRecords records() {
        return new StoreRecords() {
            @Override
            public void put(String name, byte[] content) throws IOException {
                putRecord(name, content);
            }

            @Override
            public Optional<byte[]> get(String name) throws IOException {
                return store.records().get(name);
            }

            @Override
            public List<String> list(String below) throws IOException {
                return listRecords(below);
            }

            @Override
            public void delete(String name) throws IOException {
                store.records().delete(name);
            }
        };
    }
}
