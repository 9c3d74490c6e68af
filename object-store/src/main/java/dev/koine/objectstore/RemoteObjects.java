package dev.koine.objectstore;

import dev.koine.engine.store.Sha256;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.security.DigestOutputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;

/**
 * Objects under one prefix of object storage. An object appears when it is written to its end; there is no renaming. Names have slashes
 * between their parts.
 */
final class RemoteObjects {
    private final FileSystem files;
    private final Path root;

    RemoteObjects(FileSystem files, Path root) {
        this.files = files;
        this.root = root;
    }

    /**
     * An object as it is listed.
     *
     * @param name last part of its name
     * @param modified by the storage's clock
     */
    record Listed(String name, long bytes, Instant modified) {}

    Path path(String name) {
        return new Path(root, name);
    }

    /** Writes an object; after a failure there is none, or the one that was there. */
    void put(String name, byte[] content) throws IOException {
        write(name, content.length, out -> out.write(content));
    }

    /**
     * Copies a local file there; after a failure, there is nothing.
     *
     * @param sha256 of its content, which must not have changed
     */
    void put(String name, java.nio.file.Path file, String sha256) throws IOException {
        write(name, Files.size(file), out -> {
            DigestOutputStream digesting = new DigestOutputStream(out, Sha256.newDigest());
            Files.copy(file, digesting);
            if (!Sha256.hex(digesting.getMessageDigest().digest()).equals(sha256)) {
                throw new IOException("The file " + file + " changed while it was copied to " + path(name));
            }
        });
    }

    /** Opens a new object, in place of one that has its name. Closing the stream makes it appear, also after a failure. */
    OutputStream create(String name) throws IOException {
        return files.create(path(name), FileSystem.WriteMode.OVERWRITE);
    }

    /** Closing a stream makes its object appear, also after a failure: then it is taken away again. */
    private void write(String name, long bytes, Content content) throws IOException {
        try {
            try (OutputStream out = create(name)) {
                content.write(out);
            }
            long there = files.getFileStatus(path(name)).getLen();
            if (there != bytes) {
                throw new IOException(path(name) + " has " + there + " bytes and not " + bytes);
            }
        } catch (IOException | RuntimeException e) {
            try {
                delete(name);
            } catch (IOException | RuntimeException second) {
                e.addSuppressed(second);
            }
            throw e;
        }
    }

    /** Writes what an object holds. */
    @FunctionalInterface
    private interface Content {
        void write(OutputStream out) throws IOException;
    }

    /** @throws FileNotFoundException if there is no such object */
    InputStream open(String name) throws IOException {
        return files.open(path(name));
    }

    Optional<byte[]> get(String name) throws IOException {
        try (InputStream in = open(name)) {
            return Optional.of(in.readAllBytes());
        } catch (FileNotFoundException e) {
            return Optional.empty();
        }
    }

    /** The objects right below a name; none if there is nothing. */
    List<Listed> list(String below) throws IOException {
        List<Listed> objects = new ArrayList<>();
        for (FileStatus status : statuses(below)) {
            if (!status.isDir()) {
                objects.add(new Listed(
                        status.getPath().getName(),
                        status.getLen(),
                        Instant.ofEpochMilli(status.getModificationTime())));
            }
        }
        return objects;
    }

    /** The last parts of the names right below a name that have objects below themselves, or had some. */
    List<String> folders(String below) throws IOException {
        List<String> folders = new ArrayList<>();
        for (FileStatus status : statuses(below)) {
            if (status.isDir()) {
                folders.add(status.getPath().getName());
            }
        }
        return folders;
    }

    private FileStatus[] statuses(String below) throws IOException {
        try {
            FileStatus[] found = files.listStatus(path(below));
            return found == null ? new FileStatus[0] : found;
        } catch (FileNotFoundException e) {
            return new FileStatus[0];
        }
    }

    /** Takes an object away; one that is not there is no trouble. */
    void delete(String name) throws IOException {
        files.delete(path(name), false);
    }

    /** Takes away everything below a name. */
    void deleteAll(String below) throws IOException {
        files.delete(path(below), true);
    }

    /** Takes away the mark that some storage keeps where objects were; one that has objects stays. */
    void forgetFolder(String name) {
        try {
            files.delete(path(name), false);
        } catch (IOException notEmpty) {
            return;
        }
    }
}
