package dev.koine.engine.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Files and directories as the file system has them: listing, counting links, forcing to the disk, taking away. Links are not followed. */
public final class FileTree {
    /** EINVAL and EOPNOTSUPP in words, which is all that Java tells. */
    private static final Set<String> UNSUPPORTED = Set.of("Invalid argument", "Operation not supported");

    private FileTree() {}

    /** Deletes a directory and all below it; one that is not there is no trouble. */
    public static void delete(Path directory) throws IOException {
        clear(directory);
        Files.deleteIfExists(directory);
    }

    /** The regular files below a directory; what goes away meanwhile is left out, and a directory that is not there has none. */
    public static List<Path> files(Path directory) throws IOException {
        List<Path> files = new ArrayList<>();
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (attributes.isRegularFile()) {
                    files.add(file);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
                if (failure instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw failure;
            }
        });
        return files;
    }

    /** How many names a file has; more than one are hard links. 1 where the file system does not tell. */
    public static int links(Path file) throws IOException {
        if (!file.getFileSystem().supportedFileAttributeViews().contains("unix")) {
            return 1;
        }
        return (Integer) Files.getAttribute(file, "unix:nlink", LinkOption.NOFOLLOW_LINKS);
    }

    /**
     * Forces a file, or the names in a directory, to the disk. Some file systems of networks and clusters cannot force directories and say
     * so; there the names are as durable as the file system makes them, as with any other program.
     */
    public static void force(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            if (!Files.isDirectory(path) || !UNSUPPORTED.contains(String.valueOf(e.getMessage()))) {
                throw e;
            }
        }
    }

    /** Deletes all below a directory; one that is not there is no trouble. */
    public static void clear(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : (Iterable<Path>) paths.sorted(Comparator.reverseOrder())::iterator) {
                if (!path.equals(directory)) {
                    Files.delete(path);
                }
            }
        }
    }
}
