package dev.koine.objectstore;

import dev.koine.engine.RejectedException;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.engine.store.BundleSource;
import dev.koine.engine.store.RemotePlace;
import java.io.IOException;
import java.io.InputStream;

/**
 * Reads bundles as {@link ObjectBundles} does, in a process that is no part of a Flink cluster: makes Flink's file systems known when
 * the first bundle in object storage is asked for.
 */
public final class StandaloneBundles implements BundleSource {
    private final BundleSource bundles = new ObjectBundles();
    private boolean initialized;

    @Override
    public InputStream open(Bundle bundle, BundleFile file) throws IOException, RejectedException {
        if (RemotePlace.isRemote(bundle.uri())) {
            initialize();
        }
        return bundles.open(bundle, file);
    }

    private synchronized void initialize() {
        if (!initialized) {
            Stores.initializeFileSystems();
            initialized = true;
        }
    }
}
