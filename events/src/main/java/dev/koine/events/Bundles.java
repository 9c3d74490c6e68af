package dev.koine.events;

import dev.koine.engine.RejectedException;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import java.util.List;

/** Bundles as events carry them and as the engine checks and reads them. */
public final class Bundles {
    private Bundles() {}

    /**
     * The engine's bundle.
     *
     * @throws RejectedException INVALID_EVENT if the event's words cannot describe a bundle
     */
    public static Bundle fromAvro(dev.koine.schemas.Bundle bundle) throws RejectedException {
        List<BundleFile> files = bundle.getFiles().stream()
                .map(file -> new BundleFile(file.getPath(), file.getSize(), file.getSha256()))
                .toList();
        return Bundle.of(bundle.getUri(), files);
    }

    /** The event's bundle. */
    public static dev.koine.schemas.Bundle toAvro(Bundle bundle) {
        List<dev.koine.schemas.BundleFile> files = bundle.files().stream()
                .map(file -> new dev.koine.schemas.BundleFile(file.path(), file.size(), file.sha256()))
                .toList();
        return new dev.koine.schemas.Bundle(bundle.uri().toString(), files);
    }
}
