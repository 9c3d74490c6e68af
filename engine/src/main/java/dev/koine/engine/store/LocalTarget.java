package dev.koine.engine.store;

import dev.koine.engine.RejectedException;
import dev.koine.engine.file.TemporaryFolder;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A directory that bundles are copied to: a local disk, or one that the job mounts, too. A file is written in a folder beside the bundles,
 * forced to the disk, read back, and renamed. What a process that was killed left of such a folder goes away with the next upload.
 */
public final class LocalTarget implements UploadTarget {
    private static final String ASIDE = ".koine-upload-";

    private final Path directory;
    private final Disk disk;
    private @Nullable TemporaryFolder aside;

    /** @param directory is there */
    public LocalTarget(Path directory) {
        this(directory, Disk.REAL);
    }

    LocalTarget(Path directory, Disk disk) {
        this.directory = directory.toAbsolutePath().normalize();
        this.disk = disk;
    }

    @Override
    public URI place() {
        return directory.toUri();
    }

    @Override
    public BundleSource source() {
        return (at, file) -> {
            requireFolders(home(at, file));
            return BundleSource.LOCAL.open(at, file);
        };
    }

    @Override
    public void requireRoom(long bytes) throws IOException {
        long free = disk.room(directory);
        if (free < bytes) {
            throw new IOException(String.format(
                    "The folder %s has %,d bytes free, and what is to be copied there has %,d. Make room, or name another place.",
                    directory, free, bytes));
        }
    }

    @Override
    public void write(Bundle at, BundleFile file, Content content) throws IOException, RejectedException {
        Path home = home(at, file);
        requireFolders(home);
        if (aside == null) {
            aside = TemporaryFolder.create(directory, ASIDE);
        }
        Path part = aside.path().resolve(file.path());
        try {
            Files.createDirectories(part.getParent());
            try (FileChannel channel = FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                    OutputStream out = Channels.newOutputStream(channel)) {
                content.write(out);
            }
            disk.force(part);
            requireWritten(file, aside.path());
            disk.createDirectories(folder(home));
            disk.rename(part, home);
            forceUpwards(folder(home));
        } finally {
            disk.delete(part);
        }
    }

    private static Path home(Bundle at, BundleFile file) throws RejectedException {
        file.check();
        return at.directory().resolve(file.path());
    }

    private static Path folder(Path home) {
        return Objects.requireNonNull(home.getParent());
    }

    private static void requireWritten(BundleFile file, Path folder) throws IOException {
        try {
            BundleVerifier.verify(new Bundle(folder.toUri(), List.of(file)), folder);
        } catch (RejectedException e) {
            throw new IOException(
                    "What was written reads back otherwise: " + e.getMessage() + " Is the disk sound?", e);
        }
    }

    /** Nothing is written by way of a link, nor in place of a folder. */
    private void requireFolders(Path home) throws IOException {
        Path above = directory;
        for (Path part : directory.relativize(folder(home))) {
            above = above.resolve(part);
            if (Files.exists(above, LinkOption.NOFOLLOW_LINKS)
                    && !Files.isDirectory(above, LinkOption.NOFOLLOW_LINKS)) {
                String what = Files.isSymbolicLink(above) ? "a symbolic link, which the job does not follow" : "a file";
                throw new IOException("The folder " + above + " has to hold what is copied, and there is " + what
                        + ". Take it away, or name another place.");
            }
        }
        if (Files.isDirectory(home, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException(
                    "There is a folder where the file " + home + " has to be. Take it away, or name another place.");
        }
    }

    private void forceUpwards(Path folder) throws IOException {
        for (Path path = folder; path != null && path.startsWith(directory); path = path.getParent()) {
            disk.force(path);
        }
    }

    @Override
    public void close() {
        if (aside != null) {
            aside.close();
        }
    }
}
