package dev.koine.cli.option;

import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.RemotePlace;
import dev.koine.lifecycle.option.JobSettings;
import dev.koine.lifecycle.option.MergeJobOptions;
import dev.koine.objectstore.Stores;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Which store. */
public class StoreOption {
    @Option(
            names = "--store",
            required = true,
            paramLabel = "PLACE",
            description = "The store: a folder such as ./koine-data/store, or s3://bucket/prefix/.",
            converter = PlaceConverter.class)
    public URI place;

    /**
     * Opens the store; one that is not there is not made.
     *
     * @param cache a folder for what is read from object storage
     */
    public ArtifactStore open(Path cache) throws IOException {
        if (RemotePlace.isRemote(place)) {
            Stores.initializeFileSystems();
            Stores.requireAnswer(place);
        } else {
            requireStore(Path.of(place));
        }
        return Stores.open(place, cache, JobSettings.NONE.get(MergeJobOptions.STORE_CACHE_SIZE), Runnable::run);
    }

    private static void requireStore(Path directory) throws NoSuchFileException {
        boolean isStore =
                Files.isDirectory(directory.resolve("artifacts")) && Files.isDirectory(directory.resolve("bundles"));
        if (!isStore) {
            throw new NoSuchFileException(
                    directory.toString(), null, "is no store of Koine; it has no artifacts and bundles");
        }
    }
}
