package dev.koine.cli.folder;

import dev.koine.engine.file.FileTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A folder for a result, new or empty. Unless the result is kept, it is as it was before: half a model might be taken for a whole one. */
public final class NewFolder implements AutoCloseable {
    private final Path path;
    private final boolean existed;
    private boolean kept;

    private NewFolder(Path path, boolean existed) {
        this.path = path;
        this.existed = existed;
    }

    /** @throws IOException if there is something in it, or it cannot be made */
    public static NewFolder at(Path folder) throws IOException {
        boolean existed = Files.exists(folder);
        return new NewFolder(Folders.requireEmpty(folder), existed);
    }

    public Path path() {
        return path;
    }

    /** The result is whole. */
    public void keep() {
        kept = true;
    }

    @Override
    public void close() throws IOException {
        if (kept) {
            return;
        }
        if (existed) {
            FileTree.clear(path);
        } else {
            FileTree.delete(path);
        }
    }
}
