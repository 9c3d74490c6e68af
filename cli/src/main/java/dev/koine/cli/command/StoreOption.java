package dev.koine.cli.command;

import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.LocalStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Which store. */
class StoreOption {
    @Option(
            names = "--store",
            required = true,
            paramLabel = "DIR",
            description = "Folder of the store, such as ./koine-data/store.")
    Path directory;

    /** Opens the store; one that is not there is not made. */
    ArtifactStore open() throws IOException {
        boolean isStore =
                Files.isDirectory(directory.resolve("artifacts")) && Files.isDirectory(directory.resolve("bundles"));
        if (!isStore) {
            throw new NoSuchFileException(
                    directory.toString(), null, "is no store of Koine; it has no artifacts and bundles");
        }
        return LocalStore.open(directory);
    }
}
