package dev.koine.flink;

import dev.koine.engine.RejectedException;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.Bundle;
import java.io.IOException;

/** Bundles in the store. They were checked when they came in, so whatever is wrong with one now is trouble of our own. */
public final class StoredBundles {
    private StoredBundles() {}

    /** Indexes a bundle of the store. */
    public static ModelBundle open(Bundle bundle) throws IOException {
        try {
            return ModelBundle.open(bundle.directory());
        } catch (RejectedException e) {
            throw new IOException("The store's copy of a model at " + bundle.uri() + " is damaged.", e);
        }
    }
}
