package dev.koine.engine.store;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/**
 * Holds the files of a bundle against what the event says about them. Links, symbolic and hard, are refused wherever they stand below the bundle's
 * directory, so that no bundle reaches out of its place.
 */
public final class BundleVerifier {
    private BundleVerifier() {}

    /**
     * Checks that every file is there, regular, and has the size and SHA-256 that the bundle lists.
     *
     * @param directory holds the files
     * @throws RejectedException MISSING_FILE, PLACE_NOT_ALLOWED, SIZE_MISMATCH or DIGEST_MISMATCH, naming the first bad file
     * @throws IOException if a file cannot be read
     */
    public static void verify(Bundle bundle, Path directory) throws IOException, RejectedException {
        for (BundleFile file : bundle.files()) {
            read(file, require(file, directory), null);
        }
    }

    /**
     * Copies the files of a bundle from its own place, hashing what is written, and flushes them to the disk: what was checked is
     * what is there.
     *
     * @param target a directory; created if it is not there. After a failure it holds a part of the bundle
     * @throws RejectedException as {@link #verify}
     * @throws IOException if a file cannot be read or written
     */
    public static void copyVerified(Bundle bundle, Path target) throws IOException, RejectedException {
        Path source = bundle.directory();
        Files.createDirectories(target);
        for (BundleFile file : bundle.files()) {
            Path from = require(file, source);
            Path to = target.resolve(file.path());
            Files.createDirectories(to.getParent());
            try (FileChannel channel = FileChannel.open(
                            to,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.TRUNCATE_EXISTING,
                            StandardOpenOption.WRITE);
                    OutputStream out = Channels.newOutputStream(channel)) {
                read(file, from, out);
                channel.force(true);
            }
        }
    }

    static void requireRegular(String path, Path file) throws IOException, RejectedException {
        BasicFileAttributes attributes =
                Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isRegularFile()) {
            throw notRegular(path, file);
        }
        requireOneName(path, file);
    }

    private static void requireOneName(String path, Path file) throws IOException, RejectedException {
        if (FileTree.links(file) > 1) {
            throw new RejectedException(
                    RejectionCode.PLACE_NOT_ALLOWED,
                    "'" + path + "' at " + file + " is a hard link: the same file has another name elsewhere."
                            + " Put a copy there: bundles must not reach out of their folder.");
        }
    }

    private static Path require(BundleFile file, Path directory) throws IOException, RejectedException {
        file.check();
        Path place = directory;
        for (String part : file.path().split("/", -1)) {
            if (!place.equals(directory) && Files.isSymbolicLink(place)) {
                throw notRegular(file.path(), place);
            }
            place = place.resolve(part);
        }
        BasicFileAttributes attributes;
        try {
            attributes = Files.readAttributes(place, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            throw new RejectedException(
                    RejectionCode.MISSING_FILE,
                    "The bundle lists '" + file.path() + "' but there is no file at " + place
                            + ". Put it there, or send the event with the right place.");
        }
        if (!attributes.isRegularFile()) {
            throw notRegular(file.path(), place);
        }
        requireOneName(file.path(), place);
        if (attributes.size() != file.size()) {
            throw wrongSize(file, attributes.size());
        }
        return place;
    }

    private static void read(BundleFile file, Path from, @Nullable OutputStream copy)
            throws IOException, RejectedException {
        MessageDigest digest = Sha256.newDigest();
        long size = 0;
        try (InputStream in = Files.newInputStream(from, LinkOption.NOFOLLOW_LINKS)) {
            byte[] buffer = new byte[Sha256.BUFFER_BYTES];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                size += n;
                if (size > file.size()) {
                    throw wrongSize(file, size);
                }
                digest.update(buffer, 0, n);
                if (copy != null) {
                    copy.write(buffer, 0, n);
                }
            }
        }
        if (size != file.size()) {
            throw wrongSize(file, size);
        }
        String found = Sha256.hex(digest.digest());
        if (!found.equals(file.sha256())) {
            throw new RejectedException(
                    RejectionCode.DIGEST_MISMATCH,
                    "The file '" + file.path() + "' has the SHA-256 " + found + " but the bundle lists "
                            + file.sha256()
                            + ". It was changed after the event was written, or damaged: send a new event, or put the "
                            + "right file there.");
        }
    }

    private static RejectedException wrongSize(BundleFile file, long found) {
        return new RejectedException(
                RejectionCode.SIZE_MISMATCH,
                "The file '" + file.path() + "' has " + found + " bytes or more but the bundle lists " + file.size()
                        + ". Wait until it is written whole before sending the event, or list its present size.");
    }

    private static RejectedException notRegular(String path, Path place) {
        return new RejectedException(
                RejectionCode.PLACE_NOT_ALLOWED,
                "'" + path + "' leads over " + place
                        + ", which is a link or no regular file. Put the file itself there: bundles must not reach out of "
                        + "their folder.");
    }
}
