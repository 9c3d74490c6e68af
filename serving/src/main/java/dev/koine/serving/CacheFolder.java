package dev.koine.serving;

import dev.koine.engine.file.FolderLock;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;

/**
 * A folder for copies of one model's versions that nobody else uses now. Several processes of one machine may be given the same directory:
 * each takes the first folder in it that is free, so one that starts again finds what was fetched before.
 */
final class CacheFolder implements AutoCloseable {
    private static final int MOST = 64;
    private static final int NAME_BYTES = 6;

    private final Path folder;
    private final FolderLock lock;

    private CacheFolder(Path folder, FolderLock lock) {
        this.folder = folder;
        this.lock = lock;
    }

    /**
     * Takes a free folder.
     *
     * @throws IOException if there is none, or it cannot be used
     */
    static CacheFolder take(ServingSettings settings) throws IOException {
        String directory = settings.cacheDirectory();
        Path root = directory == null ? temporary() : Path.of(directory);
        Path ofModel = root.resolve(name(settings));
        for (int i = 0; i < MOST; i++) {
            Path folder = Files.createDirectories(ofModel.resolve(Integer.toString(i)));
            Optional<FolderLock> lock = FolderLock.take(folder);
            if (lock.isPresent()) {
                return new CacheFolder(folder, lock.get());
            }
        }
        throw new IOException("Each of the " + MOST + " folders in " + ofModel
                + " is in use by another process. Give this one a cache directory of its own.");
    }

    /** Where the subscriber keeps its copies. */
    Path bundles() {
        return folder.resolve("bundles");
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }

    /** Readable for a person, and another one for each broker, topic and model. */
    private static String name(ServingSettings settings) {
        String whole = settings.bootstrapServers() + "\n" + settings.updatesTopic() + "\n" + settings.modelId();
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(whole.getBytes(StandardCharsets.UTF_8));
            return settings.modelId().replaceAll("[^A-Za-z0-9_-]", "_") + "-"
                    + HexFormat.of().formatHex(digest, 0, NAME_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java has SHA-256.", e);
        }
    }

    /** Models that others could exchange would answer in our name. */
    private static Path temporary() throws IOException {
        String user = System.getProperty("user.name", "user").replaceAll("[^A-Za-z0-9._-]", "_");
        Path root = Path.of(System.getProperty("java.io.tmpdir", "/tmp"), "koine-serving-" + user);
        if (!Files.isDirectory(root)) {
            Files.createDirectories(
                    root, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(root);
        Path own = Files.createTempFile(root, "owner-", "");
        try {
            if (permissions.contains(PosixFilePermission.GROUP_WRITE)
                    || permissions.contains(PosixFilePermission.OTHERS_WRITE)
                    || !Files.getOwner(root).equals(Files.getOwner(own))) {
                throw new IOException(
                        "Others may write to " + root + ". Name a cache directory that only this user writes to.");
            }
        } finally {
            Files.delete(own);
        }
        return root;
    }
}
