package dev.koine.subscriber;

import dev.koine.engine.RejectedException;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.file.FolderLock;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleSource;
import dev.koine.engine.store.BundleVerifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Verified copies of bundles on local disk, one directory a digest. A copy is made under another name and renamed when it is whole,
 * so a directory with a digest's name is complete. The two bundles used last are kept. One subscriber owns a cache at a time.
 */
final class BundleCache implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BundleCache.class);
    /** Where files that come by the broker are until they are whole. */
    static final String RECEIVED = "in-band";

    private static final String INCOMING = "incoming-";
    private static final String COPY = "sha256-";
    private static final int KEPT = 2;

    private final Path directory;
    private final BundleSource source;
    private final FolderLock lock;

    private BundleCache(Path directory, BundleSource source, FolderLock lock) {
        this.directory = directory;
        this.source = source;
        this.lock = lock;
    }

    /**
     * Opens a cache and clears what an earlier owner left half done.
     *
     * @param source where bundles come from
     * @throws IOException if the directory cannot be used or has another owner
     */
    static BundleCache open(Path directory, BundleSource source) throws IOException {
        Files.createDirectories(directory);
        FolderLock lock = FolderLock.take(directory)
                .orElseThrow(() -> new IOException("The cache directory " + directory
                        + " is in use by another subscriber. Give each subscriber a directory of its own."));
        BundleCache cache = new BundleCache(directory, source, lock);
        try {
            for (Path path : cache.list()) {
                if (path.getFileName().toString().startsWith(INCOMING)) {
                    FileTree.delete(path);
                }
            }
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
        return cache;
    }

    /** Puts the files of a bundle, verified and forced to the disk, into an empty folder. */
    @FunctionalInterface
    interface Filling {
        void fill(Path incoming) throws IOException, RejectedException;
    }

    /** Whether no copy is here. */
    boolean isEmpty() throws IOException {
        return list().stream().noneMatch(path -> path.getFileName().toString().startsWith(COPY));
    }

    /**
     * A verified local copy of the bundle.
     *
     * @param filling makes it if it is not here yet
     * @throws RejectedException as the filling does
     * @throws IOException as the filling does, or if it cannot be stored
     */
    Path fetch(Bundle bundle, Filling filling) throws IOException, RejectedException {
        Path target = directory.resolve(bundle.digest().replace(':', '-'));
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            try {
                BundleVerifier.verifyOwn(bundle, target);
                noteUse(target);
                return target;
            } catch (RejectedException | IOException e) {
                LOG.warn("The cached copy {} is damaged and will be fetched again: {}", target, e.getMessage());
                FileTree.delete(target);
            }
        }
        Files.createDirectories(directory);
        Path incoming = Files.createTempDirectory(directory, INCOMING);
        try {
            filling.fill(incoming);
            Files.move(incoming, target, StandardCopyOption.ATOMIC_MOVE);
            noteUse(target);
        } catch (RejectedException | RuntimeException e) {
            deleteQuietly(incoming);
            throw e;
        } catch (IOException e) {
            deleteQuietly(incoming);
            throw new IOException(bundle.uri() + " cannot be copied to " + directory + ": " + e, e);
        }
        return target;
    }

    /**
     * Copies a bundle from its place.
     *
     * @throws RejectedException if it is not there as it is described
     * @throws IOException if it cannot be read or stored, or its folder is not there at all, as when the store is not mounted
     */
    void copy(Bundle bundle, Path incoming) throws IOException, RejectedException {
        if (source.readsPlaces()) {
            requireReachable(bundle);
        }
        BundleVerifier.copyVerified(bundle, source, incoming);
    }

    /** Deletes all but the given copy and the one used before it. */
    void prune(Path used) {
        List<Path> copies = new ArrayList<>();
        try {
            for (Path path : list()) {
                if (path.getFileName().toString().startsWith(COPY) && !path.equals(used)) {
                    copies.add(path);
                }
            }
        } catch (IOException e) {
            LOG.warn("{} cannot be listed; old copies stay for now.", directory, e);
            return;
        }
        copies.sort(Comparator.comparing(BundleCache::lastUsed).reversed());
        for (Path copy : copies.subList(Math.min(KEPT - 1, copies.size()), copies.size())) {
            deleteQuietly(copy);
        }
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }

    private static void requireReachable(Bundle bundle) throws IOException, RejectedException {
        if (bundle.isLocal() && !Files.isDirectory(bundle.directory())) {
            throw new IOException(
                    "There is no folder " + bundle.directory() + " here. Mount the store where the merge job has it.");
        }
    }

    private List<Path> list() throws IOException {
        try (Stream<Path> paths = Files.list(directory)) {
            return paths.toList();
        }
    }

    /** Later than all others, also where the clock was set back since one of them was used. */
    private void noteUse(Path copy) throws IOException {
        Instant time = Instant.now();
        for (Path other : list()) {
            Instant later = lastUsed(other).toInstant().plusMillis(1);
            time = later.isAfter(time) ? later : time;
        }
        Files.setLastModifiedTime(copy, FileTime.from(time));
    }

    private static FileTime lastUsed(Path path) {
        try {
            return Files.getLastModifiedTime(path);
        } catch (IOException e) {
            return FileTime.fromMillis(0);
        }
    }

    private static void deleteQuietly(Path path) {
        try {
            FileTree.delete(path);
        } catch (IOException e) {
            LOG.warn("{} cannot be deleted; delete it by hand when the disk gets full.", path, e);
        }
    }
}
