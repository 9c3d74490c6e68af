package dev.koine.engine.store;

import dev.koine.engine.RejectedException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.stream.Stream;

/**
 * A store in a directory of a file system with atomic rename: a local disk, or one that all TaskManagers mount.
 *
 * <pre>
 * artifacts/&lt;sha256&gt;      pieces of task vectors, and the lists of them
 * bundles/&lt;sha256&gt;/...    every version of every model
 * aside/                 what is being written; may be deleted while no job runs
 * </pre>
 */
public final class LocalStore implements ArtifactStore {
    private static final String PREFIX = "sha256:";

    private final Path artifacts;
    private final Path bundles;
    private final Path aside;
    private final Executor executor;

    private LocalStore(Path directory, Executor executor) {
        this.executor = executor;
        this.artifacts = directory.resolve("artifacts");
        this.bundles = directory.resolve("bundles");
        this.aside = directory.resolve("aside");
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
        LocalStore store = new LocalStore(directory.toAbsolutePath().normalize(), executor);
        Files.createDirectories(store.artifacts);
        Files.createDirectories(store.bundles);
        Files.createDirectories(store.aside);
        return store;
    }

    @Override
    public <X extends Exception> String put(Writer<X> writer) throws IOException, X {
        Path temporary = aside.resolve(UUID.randomUUID().toString());
        try {
            writer.write(temporary);
            force(temporary);
            String sha256 = Sha256.of(temporary);
            Files.move(temporary, artifacts.resolve(sha256), StandardCopyOption.ATOMIC_MOVE);
            force(artifacts);
            return PREFIX + sha256;
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    @Override
    public Path get(String digest) throws IOException {
        Path file = artifacts.resolve(hex(digest));
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
            Path place = bundles.resolve(hex(written.digest()));
            if (!Files.isDirectory(place)) {
                move(temporary, place);
                force(bundles);
            }
            return new Bundle(place.toUri(), written.files());
        } finally {
            FileTree.delete(temporary);
        }
    }

    @Override
    public Path bundle(String digest) throws IOException {
        Path directory = bundles.resolve(hex(digest));
        if (!Files.isDirectory(directory)) {
            throw new NoSuchFileException(
                    directory.toString(), null, "the store has lost a bundle that a version refers to");
        }
        return directory;
    }

    private static String hex(String digest) {
        if (!digest.matches(PREFIX + "[0-9a-f]{64}")) {
            throw new IllegalArgumentException("Not a digest of the form sha256:<64 hexadecimal digits>: " + digest);
        }
        return digest.substring(PREFIX.length());
    }

    private static void move(Path temporary, Path place) throws IOException {
        try {
            Files.move(temporary, place, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            boolean keptMeanwhile = Files.isDirectory(place);
            if (!keptMeanwhile) {
                throw e;
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
                    force(path);
                    return path;
                });
            }
        }
        return forced;
    }

    private static void force(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
