package dev.koine.objectstore;

import dev.koine.engine.RejectedException;
import dev.koine.engine.file.SideBySide;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.engine.store.DamagedException;
import dev.koine.engine.store.LocalStore;
import dev.koine.engine.store.Sha256;
import dev.koine.engine.store.StoreRecords;
import dev.koine.engine.store.StoredArtifact;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A store in object storage, with a cache of what this machine has written or read.
 *
 * <pre>
 * artifacts/&lt;sha256&gt;/&lt;copy&gt;        pieces of task vectors, and the lists of them
 * bundles/&lt;sha256&gt;/&lt;copy&gt;/...      bases, experts, and every version of every model
 * manifests/&lt;sha256&gt;/&lt;copy&gt;        a bundle's {@link Bundle#listing}, written after its files: with it the bundle is there
 * records/                           what is known by name
 * </pre>
 *
 * <p>What is put is written to the cache, forced to disk and hashed there, hashed again while it is copied to the storage, and its size
 * there compared. What is got is hashed on its way into the cache. {@link Copies} says how putting, renewing and taking away may meet.
 */
public final class ObjectStore implements ArtifactStore {
    private final RemoteObjects objects;
    private final LocalStore cache;
    private final CacheLimit limit;
    private final Executor executor;
    private final Copies artifacts;
    private final Copies manifests;
    private final StoreRecords records;

    /**
     * A store below a prefix.
     *
     * @param executor where the files of a bundle are copied, and copies are listed, side by side; not what calls this store
     */
    ObjectStore(RemoteObjects objects, LocalStore cache, long cacheBytes, Executor executor) {
        this.objects = objects;
        this.cache = cache;
        this.limit = new CacheLimit(cache, cacheBytes);
        this.executor = executor;
        this.artifacts = new Copies(objects, "artifacts");
        this.manifests = new Copies(objects, "manifests");
        this.records = new ObjectRecords(objects);
    }

    @Override
    public <X extends Exception> String put(Writer<X> writer) throws IOException, X {
        String digest = cache.put(writer);
        String hex = Sha256.hexOf(digest);
        if (artifacts.claim(hex).isEmpty()) {
            Path file = cache.get(digest);
            long bytes = Files.size(file);
            objects.put(artifacts.path(hex, Copies.newName(bytes, bytes)), file, hex);
        }
        limit.keep(Instant.now());
        return digest;
    }

    @Override
    public Path get(String digest) throws IOException {
        if (!cache.renew(StoredArtifact.Kind.FILE, digest)) {
            fetch(digest);
            limit.keep(Instant.now());
        }
        return cache.get(digest);
    }

    private void fetch(String digest) throws IOException {
        String hex = Sha256.hexOf(digest);
        @Nullable String damaged = null;
        for (Copies.Copy copy : artifacts.of(hex)) {
            String name = artifacts.path(hex, copy.name());
            try (InputStream in = objects.open(name)) {
                String found = cache.put(file -> Files.copy(in, file));
                if (found.equals(digest)) {
                    return;
                }
                damaged = objects.path(name) + " has other contents than its digest says (" + found + ").";
            } catch (FileNotFoundException takenAway) {
                continue;
            }
        }
        throw lost(digest, damaged);
    }

    @Override
    public <X extends Exception> Bundle putBundle(Writer<X> writer) throws IOException, X {
        Bundle local = cache.putBundle(writer);
        String hex = Sha256.hexOf(local.digest());
        Optional<Copies.Copy> there = manifests.claim(hex);
        String copy = there.isPresent() ? there.get().name() : upload(local, hex);
        limit.keep(Instant.now());
        return new Bundle(place(hex, copy), local.files());
    }

    private String upload(Bundle local, String hex) throws IOException {
        Path directory = cache.bundle(local.digest());
        byte[] manifest = local.listing().getBytes(StandardCharsets.UTF_8);
        String copy = Copies.newName(manifest.length, local.bytes());
        SideBySide<BundleFile> copied = new SideBySide<>(executor);
        for (BundleFile file : local.files()) {
            copied.begin(() -> {
                objects.put(folder(hex, copy) + "/" + file.path(), directory.resolve(file.path()), file.sha256());
                return file;
            });
        }
        copied.await();
        objects.put(manifests.path(hex, copy), manifest);
        if (!manifests.isGood(hex, copy) || !isWhole(local, hex, copy)) {
            throw new IOException("The bundle " + local.digest()
                    + " was taken away as unfinished while it was put; this process was stopped for long.");
        }
        return copy;
    }

    private boolean isWhole(Bundle bundle, String hex, String copy) throws IOException {
        Set<String> there = new HashSet<>();
        for (BundleFile file : bundle.files()) {
            String name = folder(hex, copy) + "/" + file.path();
            String parent = name.substring(0, name.lastIndexOf('/'));
            if (there.add(parent)) {
                for (RemoteObjects.Listed object : objects.list(parent)) {
                    there.add(parent + "/" + object.name());
                }
            }
            if (!there.contains(name)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public Path bundle(String digest) throws IOException {
        if (!cache.renew(StoredArtifact.Kind.BUNDLE, digest)) {
            fetchBundle(digest);
            limit.keep(Instant.now());
        }
        return cache.bundle(digest);
    }

    private void fetchBundle(String digest) throws IOException {
        String hex = Sha256.hexOf(digest);
        @Nullable String damaged = null;
        for (Copies.Copy copy : manifests.of(hex)) {
            Optional<byte[]> manifest = objects.get(manifests.path(hex, copy.name()));
            if (manifest.isEmpty()) {
                continue;
            }
            try {
                Bundle bundle =
                        Bundle.ofListing(place(hex, copy.name()), new String(manifest.get(), StandardCharsets.UTF_8));
                Bundle got = cache.<RejectedException>putBundle(
                        target -> BundleVerifier.copyVerified(bundle, (whole, file) -> open(hex, copy, file), target));
                if (got.digest().equals(digest)) {
                    return;
                }
                damaged = objects.path(manifests.path(hex, copy.name())) + " is damaged.";
            } catch (RejectedException e) {
                damaged = e.getMessage();
            }
        }
        throw lost(digest, damaged);
    }

    private InputStream open(String hex, Copies.Copy copy, BundleFile file) throws IOException, RejectedException {
        String name = folder(hex, copy.name()) + "/" + file.path();
        try {
            return objects.open(name);
        } catch (FileNotFoundException e) {
            throw file.missing(objects.path(name).toString());
        }
    }

    private IOException lost(String digest, @Nullable String damaged) {
        return damaged != null
                ? new DamagedException(damaged)
                : new NoSuchFileException(digest, null, "the store has lost something that a version refers to");
    }

    @Override
    public URI address(String digest) throws IOException {
        String hex = Sha256.hexOf(digest);
        Optional<Copies.Copy> copy = manifests.of(hex).stream().min(Comparator.comparing(Copies.Copy::isCondemned));
        return place(hex, copy.orElseThrow(() -> lost(digest, null)).name());
    }

    private URI place(String hex, String copy) {
        return URI.create(objects.path(folder(hex, copy)) + "/");
    }

    private static String folder(String hex, String copy) {
        return "bundles/" + hex + "/" + copy;
    }

    @Override
    public Bundle files(Collection<String> digests) throws IOException {
        SideBySide<BundleFile> files = new SideBySide<>(executor);
        for (String digest : new TreeSet<>(digests)) {
            files.begin(() -> file(digest));
        }
        return new Bundle(URI.create(objects.path("artifacts") + "/"), files.await());
    }

    private BundleFile file(String digest) throws IOException {
        String hex = Sha256.hexOf(digest);
        Copies.Copy copy = artifacts.of(hex).stream()
                .min(Comparator.comparing(Copies.Copy::isCondemned))
                .orElseThrow(() -> lost(digest, null));
        return new BundleFile(hex + "/" + copy.name(), copy.bytes(), hex);
    }

    @Override
    public boolean renew(StoredArtifact.Kind kind, String digest) throws IOException {
        return copies(kind).claim(Sha256.hexOf(digest)).isPresent();
    }

    private Copies copies(StoredArtifact.Kind kind) {
        return kind == StoredArtifact.Kind.FILE ? artifacts : manifests;
    }

    @Override
    public StoreRecords records() {
        return records;
    }

    @Override
    public List<StoredArtifact> list() throws IOException {
        SideBySide<Optional<StoredArtifact>> listed = new SideBySide<>(executor);
        for (StoredArtifact.Kind kind : StoredArtifact.Kind.values()) {
            for (String hex : copies(kind).digests()) {
                if (Sha256.isHex(hex)) {
                    listed.begin(() -> listed(kind, hex));
                }
            }
        }
        return listed.await().stream().flatMap(Optional::stream).toList();
    }

    private Optional<StoredArtifact> listed(StoredArtifact.Kind kind, String hex) throws IOException {
        List<Copies.Copy> found = copies(kind).of(hex);
        return found.stream()
                .map(Copies.Copy::renewed)
                .max(Instant::compareTo)
                .map(renewed -> new StoredArtifact(
                        kind,
                        Sha256.PREFIX + hex,
                        found.stream().mapToLong(Copies.Copy::bytes).sum(),
                        renewed));
    }

    @Override
    public boolean remove(StoredArtifact listed) throws IOException {
        String hex = Sha256.hexOf(listed.digest());
        for (String copy : copies(listed.kind()).remove(hex, listed.renewed())) {
            if (listed.kind() == StoredArtifact.Kind.BUNDLE) {
                objects.deleteAll(folder(hex, copy));
            }
        }
        return copies(listed.kind()).of(hex).isEmpty();
    }

    @Override
    public int removeUnfinished(Instant before) throws IOException {
        int removed = 0;
        for (Copies kind : List.of(artifacts, manifests)) {
            for (String hex : kind.digests()) {
                removed += kind.sweep(hex, before);
            }
        }
        for (String hex : objects.folders("bundles")) {
            for (String copy : objects.folders("bundles/" + hex)) {
                removed += removeUnfinished(hex, copy, before) ? 1 : 0;
            }
            objects.forgetFolder("bundles/" + hex);
        }
        return removed;
    }

    private boolean removeUnfinished(String hex, String copy, Instant before) throws IOException {
        List<String> folders = new ArrayList<>(List.of(folder(hex, copy)));
        for (int i = 0; i < folders.size(); i++) {
            for (RemoteObjects.Listed object : objects.list(folders.get(i))) {
                if (!object.modified().isBefore(before)) {
                    return false;
                }
            }
            for (String inner : objects.folders(folders.get(i))) {
                folders.add(folders.get(i) + "/" + inner);
            }
        }
        if (hasManifest(hex, copy)) {
            return false;
        }
        manifests.condemn(hex, copy);
        if (hasManifest(hex, copy)) {
            return false;
        }
        objects.deleteAll(folder(hex, copy));
        return true;
    }

    private boolean hasManifest(String hex, String copy) throws IOException {
        return manifests.of(hex).stream().anyMatch(found -> found.name().equals(copy));
    }
}
