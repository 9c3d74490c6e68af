package dev.koine.sim;

import dev.koine.engine.RejectedException;
import dev.koine.engine.file.TemporaryFolder;
import dev.koine.sim.check.Reference;
import dev.koine.sim.script.Library;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the worlds of one thread have together: models that nobody changes, and what these merge to. */
public final class Lab implements AutoCloseable {
    private static final Path IN_MEMORY = Path.of("/dev/shm");
    private static final String PREFIX = "koine-sim-" + ProcessHandle.current().pid() + "-";

    private final TemporaryFolder folder;
    private final Library library;
    private final Reference reference;
    private int worlds;

    private Lab(TemporaryFolder folder) throws IOException, RejectedException {
        this.folder = folder;
        library = new Library(Files.createDirectory(folder.path().resolve("library")));
        reference = new Reference(Files.createDirectory(folder.path().resolve("reference")));
    }

    /** Opens one, in memory where the machine has a folder for that. */
    public static Lab open() throws IOException, RejectedException {
        return new Lab(
                Files.isWritable(IN_MEMORY)
                        ? TemporaryFolder.create(IN_MEMORY, PREFIX)
                        : TemporaryFolder.create(PREFIX));
    }

    Library library() {
        return library;
    }

    Reference reference() {
        return reference;
    }

    /** An empty directory for a world. */
    Path newWorld() throws IOException {
        return Files.createDirectory(folder.path().resolve("world" + worlds++));
    }

    @Override
    public void close() {
        folder.close();
    }
}
