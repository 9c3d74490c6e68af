package dev.koine.engine.store;

import dev.koine.engine.RejectedException;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.file.SideBySide;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.stream.Stream;

/**
 * A store in a directory of a file system with atomic rename: a local disk, or one that all TaskManagers mount.
 *
 * <pre>
 * artifacts/&lt;sha256&gt;      pieces of task vectors, and the lists of them
 * bundles/&lt;sha256&gt;/...    bases, experts, and every version of every model
 * records/               what is known by name
 * aside/                 what is being written; may be deleted while no job runs
 * </pre>
 */
public final class LocalStore implements ArtifactStore {
    private static final int MOST_ATTEMPTS = 100;

    private final Path artifacts;
    private final Path bundles;
    private final Path aside;
    private final StoreRecords records;
    private final Executor executor;
    private final Disk disk;

    private LocalStore(Path directory, Executor executor, Disk disk) {
        this.executor = executor;
        this.disk = disk;
        this.artifacts = directory.resolve("artifacts");
        this.bundles = directory.resolve("bundles");
        this.aside = directory.resolve("aside");
        this.records = new LocalRecords(directory.resolve("records"), aside, disk);
    }

    /** Opens the store in this directory, which is made if it is not there. */
    public static LocalStore open(Path directory) throws IOException {
        return open(directory, Runnable::run);
    }

    /**
     * Opens the store in this directory, which is made if it is not there.
     *
     * @param executor where the files of a bundle are forced to disk and hashed, side by side; not what calls {@link #putBundle}
     */
    public static LocalStore open(Path directory, Executor executor) throws IOException {
        return open(directory, executor, Disk.REAL);
    }

    /** As {@link #open(Path, Executor)}, on a disk that the directory lies on. */
    public static LocalStore open(Path directory, Executor executor, Disk disk) throws IOException {
        Path place = directory.toAbsolutePath().normalize();
        LocalStore store = new LocalStore(place, executor, disk);
        Path above = place;
        while (!Files.exists(above) && above.getParent() != null) {
            above = above.getParent();
        }
        disk.createDirectories(store.artifacts);
        disk.createDirectories(store.bundles);
        disk.createDirectories(store.aside);
        forceUpwards(place, above, disk);
        return store;
    }

    /**
     * Forces the names of the store's folders, of the store, and of those above it that were made for it. A folder that may not be read cannot be
     * forced.
     *
     * @param above the lowest folder that was there before
     */
    private static void forceUpwards(Path place, Path above, Disk disk) throws IOException {
        disk.force(place);
        for (Path path = place.getParent(); path != null && Files.isReadable(path); path = path.getParent()) {
            disk.force(path);
            if (above.startsWith(path)) {
                return;
            }
        }
    }

    @Override
    public <X extends Exception> String put(Writer<X> writer) throws IOException, X {
        Path temporary = aside.resolve(UUID.randomUUID().toString());
        try {
            writer.write(temporary);
            disk.force(temporary);
            String sha256 = Sha256.of(temporary);
            disk.rename(temporary, artifacts.resolve(sha256));
            disk.force(artifacts);
            return Sha256.PREFIX + sha256;
        } finally {
            disk.delete(temporary);
        }
    }

    @Override
    public Path get(String digest) throws IOException {
        Path file = artifacts.resolve(Sha256.hexOf(digest));
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(
                    file.toString(), null, "the store has lost an artifact that a version refers to");
        }
        return file;
    }

    @Override
    public <X extends Exception> Bundle putBundle(Writer<X> writer) throws IOException, X {
        Path temporary = Files.createDirectory(aside.resolve(UUID.randomUUID().toString()));
        try {
            writer.write(temporary);
            SideBySide<Path> forced = forceAll(temporary);
            Bundle written = describe(temporary);
            forced.await();
            Path place = bundles.resolve(Sha256.hexOf(written.digest()));
            settle(temporary, place);
            disk.force(bundles);
            return new Bundle(place.toUri(), written.files());
        } finally {
            disk.delete(temporary);
        }
    }

    @Override
    public Path bundle(String digest) throws IOException {
        Path directory = bundles.resolve(Sha256.hexOf(digest));
        if (!Files.isDirectory(directory)) {
            throw new NoSuchFileException(
                    directory.toString(), null, "the store has lost a bundle that a version refers to");
        }
        return directory;
    }

    @Override
    public URI address(String digest) throws IOException {
        return bundle(digest).toUri();
    }

    @Override
    public Bundle files(Collection<String> digests) throws IOException {
        List<BundleFile> files = new ArrayList<>();
        for (String digest : new TreeSet<>(digests)) {
            String sha256 = Sha256.hexOf(digest);
            files.add(new BundleFile(sha256, Files.size(get(digest)), sha256));
        }
        return new Bundle(artifacts.toUri(), files);
    }

    @Override
    public boolean renew(StoredArtifact.Kind kind, String digest) throws IOException {
        return renewed(home(kind, digest));
    }

    private Path home(StoredArtifact.Kind kind, String digest) {
        return (kind == StoredArtifact.Kind.FILE ? artifacts : bundles).resolve(Sha256.hexOf(digest));
    }

    @Override
    public StoreRecords records() {
        return records;
    }

    @Override
    public List<StoredArtifact> list() throws IOException {
        List<StoredArtifact> all = new ArrayList<>();
        for (Path file : children(artifacts)) {
            listed(StoredArtifact.Kind.FILE, file).ifPresent(all::add);
        }
        for (Path bundle : children(bundles)) {
            listed(StoredArtifact.Kind.BUNDLE, bundle).ifPresent(all::add);
        }
        return all;
    }

    @Override
    public boolean remove(StoredArtifact listed) throws IOException {
        Path home = home(listed.kind(), listed.digest());
        Path away = aside.resolve(UUID.randomUUID().toString());
        try {
            disk.rename(home, away);
        } catch (NoSuchFileException e) {
            return true;
        }
        if (Files.getLastModifiedTime(away).toInstant().isAfter(listed.renewed())) {
            giveBack(away, home, listed.kind());
        }
        disk.delete(away);
        return !Files.exists(home);
    }

    private void giveBack(Path away, Path home, StoredArtifact.Kind kind) throws IOException {
        if (kind == StoredArtifact.Kind.FILE) {
            disk.rename(away, home);
        } else {
            settle(away, home);
        }
    }

    @Override
    public int removeUnfinished(Instant before) throws IOException {
        int removed = 0;
        for (Path path : children(aside)) {
            try {
                if (Files.getLastModifiedTime(path).toInstant().isBefore(before)) {
                    disk.delete(path);
                    removed++;
                }
            } catch (NoSuchFileException finished) {
                continue;
            }
        }
        return removed;
    }

    /** Empty for what is gone by now, and for what is no artifact. */
    private static Optional<StoredArtifact> listed(StoredArtifact.Kind kind, Path path) throws IOException {
        String name = path.getFileName().toString();
        if (!Sha256.isHex(name)) {
            return Optional.empty();
        }
        try {
            return Optional.of(new StoredArtifact(
                    kind,
                    Sha256.PREFIX + name,
                    bytes(path),
                    Files.getLastModifiedTime(path).toInstant()));
        } catch (NoSuchFileException gone) {
            return Optional.empty();
        }
    }

    private static long bytes(Path path) throws IOException {
        long bytes = 0;
        for (Path file : FileTree.files(path)) {
            bytes += Files.size(file);
        }
        return bytes;
    }

    private static List<Path> children(Path directory) throws IOException {
        try (Stream<Path> children = Files.list(directory)) {
            return children.toList();
        }
    }

    private boolean renewed(Path place) throws IOException {
        try {
            disk.touch(place);
            return true;
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /** Somebody else may put the same, or take it away, at any moment. */
    private void settle(Path temporary, Path place) throws IOException {
        for (int attempt = 1; !renewed(place); attempt++) {
            try {
                disk.rename(temporary, place);
                return;
            } catch (FileSystemException e) {
                if (attempt == MOST_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private Bundle describe(Path directory) throws IOException {
        try {
            return Bundle.describe(directory, executor);
        } catch (RejectedException e) {
            throw new IOException("A bundle that was just written cannot be described.", e);
        }
    }

    private SideBySide<Path> forceAll(Path directory) throws IOException {
        SideBySide<Path> forced = new SideBySide<>(executor);
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : (Iterable<Path>) paths::iterator) {
                forced.begin(() -> {
                    disk.force(path);
                    return path;
                });
            }
        }
        return forced;
    }
}
