package dev.koine.follower;

import dev.koine.engine.file.FileTree;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Files that are made aside, forced to disk, and then put where they are read by one rename. */
public final class DurableFiles {
    private static final Logger LOG = LoggerFactory.getLogger(DurableFiles.class);

    private DurableFiles() {}

    /** Gives a file another name: a hard link, so that it takes no room of its own; a copy, forced to disk, where there are none. */
    public static void link(Path file, Path to) throws IOException {
        try {
            Files.createLink(to, file);
        } catch (UnsupportedOperationException | FileSystemException e) {
            LOG.debug("No hard links here: {}", e.toString());
            Files.copy(file, to);
            FileTree.force(to);
        }
    }

    /** Writes a file and forces it to disk, but not yet its name. */
    public static void write(Path file, byte[] content) throws IOException {
        Files.write(file, content);
        FileTree.force(file);
    }

    /** Forces the names in a folder, and in those below it, to disk. */
    public static void forceFolders(Path directory) throws IOException {
        List<Path> folders;
        try (Stream<Path> walked = Files.walk(directory)) {
            folders = walked.filter(Files::isDirectory).toList();
        }
        for (Path folder : folders) {
            FileTree.force(folder);
        }
    }

    /** Puts what was made in its place, over a file that is there, and forces its name to disk. */
    public static void move(Path made, Path to) throws IOException {
        Files.move(made, to, StandardCopyOption.ATOMIC_MOVE);
        FileTree.force(to.resolveSibling(""));
    }
}
