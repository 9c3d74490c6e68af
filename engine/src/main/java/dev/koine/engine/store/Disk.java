package dev.koine.engine.store;

import dev.koine.engine.file.FileTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;

/** What a store's promises need of the disk that it lies on: what is forced stays, a rename happens whole or not at all. */
public interface Disk {
    /** The disks of this machine, as its operating system has them. */
    Disk REAL = new Disk() {
        @Override
        public void force(Path path) throws IOException {
            FileTree.force(path);
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        }

        @Override
        public void touch(Path path) throws IOException {
            Files.setLastModifiedTime(path, FileTime.from(Instant.now()));
        }

        @Override
        public void createDirectories(Path directory) throws IOException {
            Files.createDirectories(directory);
        }

        @Override
        public void delete(Path path) throws IOException {
            if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                FileTree.delete(path);
            } else {
                Files.deleteIfExists(path);
            }
        }
    };

    /** Returns when the content of a file, or the names in a directory, outlast a loss of power. */
    void force(Path path) throws IOException;

    /** Gives a file or directory another name, in place of a file that has it; at no moment are there both or none. */
    void rename(Path from, Path to) throws IOException;

    /** Has a file or directory count as written now. */
    void touch(Path path) throws IOException;

    /** Makes a directory, and those above it, if they are not there. */
    void createDirectories(Path directory) throws IOException;

    /** Takes away a file, or a directory and all below it; one that is not there is no trouble. */
    void delete(Path path) throws IOException;

    /** How many bytes may still be written below a directory. */
    default long room(Path directory) throws IOException {
        return Files.getFileStore(directory).getUsableSpace();
    }
}
