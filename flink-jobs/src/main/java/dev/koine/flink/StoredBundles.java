package dev.koine.flink;

import dev.koine.engine.RejectedException;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import java.io.IOException;
import java.nio.file.Path;

/** Bundles in the store. They were checked when they came in, so whatever is wrong with one now is trouble of our own. */
public final class StoredBundles {
    private StoredBundles() {}

    /**
     * Indexes a bundle of the store. It is found by its digest: its URI says where the store was when it came in, and a store may be
     * moved, or restored elsewhere.
     */
    public static ModelBundle open(ArtifactStore store, Bundle bundle) throws IOException {
        Path directory = store.bundle(bundle.digest());
        try {
            return ModelBundle.open(directory);
        } catch (RejectedException e) {
            throw new IOException("The store's copy of a model at " + directory + " is damaged.", e);
        }
    }
}
