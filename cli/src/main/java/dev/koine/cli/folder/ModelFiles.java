package dev.koine.cli.folder;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.file.Strays;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The files of a folder that become a bundle in an event. Those of a snapshot of the Hugging Face cache are the blobs that its links name. */
public final class ModelFiles {
    private final Path folder;
    private final @Nullable Map<String, Path> blobs;

    private ModelFiles(Path folder, @Nullable Map<String, Path> blobs) {
        this.folder = folder;
        this.blobs = blobs;
    }

    /** @throws RejectedException for a link in a snapshot that leads out of the cache, or nowhere */
    public static ModelFiles in(Path folder) throws IOException, RejectedException {
        Path meant = HubSnapshot.folder(folder);
        @Nullable Map<String, Path> linked = HubSnapshot.files(meant).orElse(null);
        if (linked == null) {
            return new ModelFiles(meant, null);
        }
        Map<String, Path> blobs = new TreeMap<>(linked);
        blobs.keySet().removeIf(Strays::isStray);
        return new ModelFiles(meant, blobs);
    }

    /** The folder that holds them, or the links to them. */
    public Path folder() {
        return folder;
    }

    /**
     * Requires that the job can read the files in the folder itself.
     *
     * @throws RejectedException {@link RejectionCode#PLACE_NOT_ALLOWED} for links, which the job does not follow
     */
    public ModelFiles requireUnlinked() throws RejectedException {
        if (blobs != null) {
            throw new RejectedException(
                    RejectionCode.PLACE_NOT_ALLOWED,
                    "'" + folder + "' holds links into the Hugging Face cache, which the job does not follow."
                            + " Have the files copied to where the job reads: --upload PLACE.");
        }
        return this;
    }

    /** The bundle before its files are hashed: in an event it is as large as afterwards. */
    public Bundle list() throws IOException, RejectedException {
        return blobs == null ? Bundle.listWithoutStrays(folder) : Bundle.list(folder.toUri(), blobs);
    }

    /** The bundle, with its files hashed. */
    public Bundle describe() throws IOException, RejectedException {
        return blobs == null ? Bundle.describeWithoutStrays(folder) : Bundle.describe(folder.toUri(), blobs);
    }

    /** Reads the files of that bundle. */
    public BundleSource source() {
        @Nullable Map<String, Path> from = blobs;
        return from == null
                ? BundleSource.LOCAL
                : (bundle, file) -> Files.newInputStream(
                        Objects.requireNonNull(from.get(file.path()), file.path()), LinkOption.NOFOLLOW_LINKS);
    }
}
