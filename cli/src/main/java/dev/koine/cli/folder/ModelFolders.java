package dev.koine.cli.folder;

import dev.koine.engine.RejectedException;
import dev.koine.engine.file.FileTree;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The folders that a command reads models from. A snapshot of the Hugging Face cache, which is links, is read from a private copy that is
 * gone when this is closed or the process is interrupted.
 */
public final class ModelFolders implements AutoCloseable {
    private final PrintWriter err;
    private final Map<Path, Path> copies = new ConcurrentHashMap<>();
    private final Thread interrupted = new Thread(() -> {
        try {
            delete();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    });

    /** @param err where a copy is told of */
    public ModelFolders(PrintWriter err) {
        this.err = err;
    }

    /**
     * The folder to read: the one that is named, or a copy of the snapshot that it is.
     *
     * @throws RejectedException for a link that leads out of the cache, or nowhere
     */
    public Path of(Path named) throws IOException, RejectedException {
        Path folder = HubSnapshot.folder(named);
        Path made = copies.get(folder);
        if (made != null) {
            return made;
        }
        Optional<Map<String, Path>> snapshot = HubSnapshot.files(folder);
        if (snapshot.isEmpty()) {
            return folder;
        }
        Path copy = Files.createTempDirectory("koine-snapshot-");
        if (copies.isEmpty()) {
            Runtime.getRuntime().addShutdownHook(interrupted);
        }
        copies.put(folder, copy);
        err.printf("%s is links into the Hugging Face cache; reading a copy in %s.%n", folder, copy);
        for (Map.Entry<String, Path> file : snapshot.get().entrySet()) {
            Path to = copy.resolve(file.getKey());
            Files.createDirectories(to.getParent());
            Files.copy(file.getValue(), to);
        }
        return copy;
    }

    @Override
    public void close() throws IOException {
        if (!copies.isEmpty()) {
            Runtime.getRuntime().removeShutdownHook(interrupted);
            delete();
        }
    }

    private void delete() throws IOException {
        for (Path copy : copies.values()) {
            FileTree.delete(copy);
        }
    }
}
