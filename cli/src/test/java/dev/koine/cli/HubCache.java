package dev.koine.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Models in folders as the Hugging Face client keeps them: snapshots of links into blobs. */
public final class HubCache {
    public static final String REVISION = "0a1b2c";

    private HubCache() {}

    /**
     * Makes a repository with one snapshot, of the files right in a folder.
     *
     * @return the snapshot, {@code models--me--NAME/snapshots/REVISION}
     */
    public static Path snapshot(Path cache, String name, Path model) throws IOException {
        Path repository = cache.toRealPath().resolve("models--me--" + name);
        Path blobs = Files.createDirectories(repository.resolve("blobs"));
        Path snapshot = Files.createDirectories(repository.resolve("snapshots").resolve(REVISION));
        try (Stream<Path> files = Files.list(model)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Path blob = blobs.resolve("b" + file.getFileName().toString().hashCode());
                Files.copy(file, blob);
                Files.createSymbolicLink(snapshot.resolve(file.getFileName()), snapshot.relativize(blob));
            }
        }
        return snapshot;
    }
}
