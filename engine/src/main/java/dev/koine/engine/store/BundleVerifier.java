package dev.koine.engine.store;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;

/** Holds the files of a bundle against what the event says about them. */
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
            try (InputStream in = LocalBundles.open(directory, file)) {
                copy(file, in, OutputStream.nullOutputStream());
            }
        }
    }

    /**
     * As {@link #verify}, of a copy of our own making, whose files may be hard links.
     *
     * @throws RejectedException as it does, but for those
     * @throws IOException if a file cannot be read
     */
    public static void verifyOwn(Bundle bundle, Path directory) throws IOException, RejectedException {
        for (BundleFile file : bundle.files()) {
            try (InputStream in = LocalBundles.openOwn(directory, file)) {
                copy(file, in, OutputStream.nullOutputStream());
            }
        }
    }

    /**
     * Reads a file of a bundle where the bundle says that it is.
     *
     * @param out takes the bytes; after a failure it has a part of them, or bytes that are wrong
     * @throws RejectedException as {@link #verify(Bundle, Path)}
     * @throws IOException if the file cannot be read, or {@code out} takes no more
     */
    public static void read(Bundle bundle, BundleFile file, BundleSource source, OutputStream out)
            throws IOException, RejectedException {
        try (InputStream in = source.open(bundle, file)) {
            copy(file, in, out);
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
    public static void copyVerified(Bundle bundle, BundleSource source, Path target)
            throws IOException, RejectedException {
        Files.createDirectories(target);
        for (BundleFile file : bundle.files()) {
            file.check();
            Path to = target.resolve(file.path());
            try (InputStream in = source.open(bundle, file)) {
                Files.createDirectories(to.getParent());
                try (FileChannel channel = FileChannel.open(
                                to,
                                StandardOpenOption.CREATE,
                                StandardOpenOption.TRUNCATE_EXISTING,
                                StandardOpenOption.WRITE);
                        OutputStream out = Channels.newOutputStream(channel)) {
                    copy(file, in, out);
                    channel.force(true);
                }
            }
        }
    }

    private static void copy(BundleFile file, InputStream in, OutputStream out) throws IOException, RejectedException {
        MessageDigest digest = Sha256.newDigest();
        long size = 0;
        byte[] buffer = new byte[Sha256.BUFFER_BYTES];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            size += n;
            if (size > file.size()) {
                throw file.wrongSize(size);
            }
            digest.update(buffer, 0, n);
            out.write(buffer, 0, n);
        }
        if (size != file.size()) {
            throw file.wrongSize(size);
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
}
