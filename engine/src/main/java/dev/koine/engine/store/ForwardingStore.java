package dev.koine.engine.store;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collection;
import java.util.List;

/** A store that passes everything on to another, for those that do something else in one place. */
public abstract class ForwardingStore implements ArtifactStore {
    private final ArtifactStore store;

    protected ForwardingStore(ArtifactStore store) {
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
    public Bundle files(Collection<String> digests) throws IOException {
        return store.files(digests);
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
