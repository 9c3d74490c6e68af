package dev.koine.sim.store;

import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.StoreRecords;
import dev.koine.engine.store.StoredArtifact;
import dev.koine.sim.fault.Interruptions;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** A store whose every operation may be interrupted before it is done. Lists come sorted, so that a seed gives one history. */
public final class SimStore implements ArtifactStore {
    private final ArtifactStore store;
    private final Interruptions interruptions;

    public SimStore(ArtifactStore store, Interruptions interruptions) {
        this.store = store;
        this.interruptions = interruptions;
    }

    @Override
    public <X extends Exception> String put(Writer<X> writer) throws IOException, X {
        interruptions.at("put a file");
        return store.put(writer);
    }

    @Override
    public Path get(String digest) throws IOException {
        interruptions.at("get " + digest);
        return store.get(digest);
    }

    @Override
    public <X extends Exception> Bundle putBundle(Writer<X> writer) throws IOException, X {
        interruptions.at("put a bundle");
        Bundle kept = store.putBundle(writer);
        return new Bundle(placeOf(kept.digest()), kept.files());
    }

    @Override
    public Path bundle(String digest) throws IOException {
        interruptions.at("find bundle " + digest);
        return store.bundle(digest);
    }

    @Override
    public Bundle files(Collection<String> digests) throws IOException {
        interruptions.at("list files");
        return new Bundle(
                URI.create("file:///store/artifacts/"), store.files(digests).files());
    }

    @Override
    public URI address(String digest) throws IOException {
        interruptions.at("address of " + digest);
        store.address(digest);
        return placeOf(digest);
    }

    /** Where a bundle is said to lie: the same in every world, since records are named by what is in them. */
    public static URI placeOf(String digest) {
        return URI.create("file:///store/bundles/" + digest.substring(digest.indexOf(':') + 1) + "/");
    }

    @Override
    public boolean renew(StoredArtifact.Kind kind, String digest) throws IOException {
        interruptions.at("renew " + digest);
        return store.renew(kind, digest);
    }

    @Override
    public List<StoredArtifact> list() throws IOException {
        interruptions.at("list");
        return store.list().stream()
                .sorted(Comparator.comparing(StoredArtifact::digest))
                .toList();
    }

    @Override
    public boolean remove(StoredArtifact listed) throws IOException {
        interruptions.at("remove " + listed.digest());
        return store.remove(listed);
    }

    @Override
    public int removeUnfinished(Instant before) throws IOException {
        interruptions.at("remove what is unfinished");
        return store.removeUnfinished(before);
    }

    @Override
    public StoreRecords records() {
        StoreRecords records = store.records();
        return new StoreRecords() {
            @Override
            public void put(String name, byte[] content) throws IOException {
                interruptions.at("put record " + name);
                records.put(name, content);
            }

            @Override
            public Optional<byte[]> get(String name) throws IOException {
                interruptions.at("get record " + name);
                return records.get(name);
            }

            @Override
            public List<String> list(String below) throws IOException {
                interruptions.at("list records " + below);
                return records.list(below);
            }

            @Override
            public void delete(String name) throws IOException {
                interruptions.at("delete record " + name);
                records.delete(name);
            }
        };
    }
}
