package dev.koine.lifecycle.input;

import dev.koine.engine.RejectedException;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.ArtifactStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;

/** Bundles in the store. They were checked when they came in, so whatever is wrong with one now is trouble of our own. */
public final class StoredBundles {
    private StoredBundles() {}

    /** Has a bundle that was opened stay where it is, or come back there, for a while. */
    public static void touch(ArtifactStore store, String digest) throws IOException {
        Objects.requireNonNull(store.bundle(digest));
    }

    /** Indexes a bundle, wherever this machine has the store. */
    public static ModelBundle open(ArtifactStore store, String digest) throws IOException {
        Path directory = store.bundle(digest);
        try {
            return ModelBundle.open(directory);
        } catch (RejectedException e) {
            throw new IOException("The store's copy of a model at " + directory + " is damaged.", e);
        }
    }
}
