package dev.koine.lifecycle.intake;

import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.engine.store.BundleSource;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.events.Bundles;
import dev.koine.lifecycle.input.AllowedPlaces;
import dev.koine.lifecycle.input.InputFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes a bundle in: copies it from an allowed place to the store while hashing it, and has the copy checked. Only the copy is looked
 * into, so what was hashed is what is used, whatever becomes of the files at their place. The copy of one that is refused is not kept.
 */
public final class BundleIntake {
    private final AllowedPlaces places;
    private final BundleSource bundles;
    private final ArtifactStore store;
    private final WorkPool pool;

    /** @param bundles where files are read from */
    public BundleIntake(AllowedPlaces places, BundleSource bundles, ArtifactStore store, WorkPool pool) {
        this.places = places;
        this.bundles = bundles;
        this.store = store;
        this.pool = pool;
    }

    /** Looks at a copy. */
    @FunctionalInterface
    interface Check {
        /** @param digest of the bundle */
        void run(Path copy, String digest) throws RejectedException, IOException;
    }

    /**
     * Takes a bundle in.
     *
     * @return it, in the store
     * @throws RejectedException if it may not be read, is not what was announced, or the check refuses it
     */
    Bundle take(dev.koine.schemas.Bundle announced, Check check) throws RejectedException, IOException {
        Bundle found = places.require(Bundles.fromAvro(announced));
        return InputFiles.whileReading(
                found.isLocal() ? List.of(found.directory()) : List.of(),
                () -> store.<RejectedException>putBundle(copy -> {
                    copy(found, copy);
                    check.run(copy, found.digest());
                }));
    }

    /** Each file on a thread of its own, since a bundle's size is mostly that of two or three. */
    private void copy(Bundle bundle, Path target) throws RejectedException, IOException {
        List<WorkPool.Part<BundleFile>> parts = new ArrayList<>();
        for (BundleFile file : bundle.files()) {
            parts.add(() -> {
                BundleVerifier.copyVerified(new Bundle(bundle.uri(), List.of(file)), bundles, target);
                return file;
            });
        }
        pool.runAll(parts);
    }
}
