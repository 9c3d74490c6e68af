package dev.koine.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Folders for the files that targets have read, in memory where the system has such a place. */
final class Work {
    private static final Path MEMORY = Path.of("/dev/shm");

    private Work() {}

    static Path folder(String name) {
        try {
            Path parent = Files.isWritable(MEMORY) ? MEMORY : Path.of(System.getProperty("java.io.tmpdir"));
            Path folder = Files.createTempDirectory(parent, "koine-fuzz-" + name);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path folder) {
        try {
            dev.koine.engine.file.FileTree.delete(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
