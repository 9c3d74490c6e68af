package dev.koine.events;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.schemas.ModelUpdate;
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

    /**
     * The bundle of a version, which is the one that its update's digest names.
     *
     * @throws RejectedException DIGEST_MISMATCH if the update lists other files; INVALID_EVENT as {@link #fromAvro}
     */
    public static Bundle of(ModelUpdate update) throws RejectedException {
        Bundle bundle = fromAvro(update.getBundle());
        if (!bundle.digest().equals(update.getDigest())) {
            throw new RejectedException(
                    RejectionCode.DIGEST_MISMATCH,
                    "The update names the digest " + update.getDigest() + " but its list of files has "
                            + bundle.digest() + ". Whoever wrote it must compute the digest over the list it sends.");
        }
        return bundle;
    }

    /** The event's bundle. */
    public static dev.koine.schemas.Bundle toAvro(Bundle bundle) {
        List<dev.koine.schemas.BundleFile> files = bundle.files().stream()
                .map(file -> new dev.koine.schemas.BundleFile(file.path(), file.size(), file.sha256()))
                .toList();
        return new dev.koine.schemas.Bundle(bundle.uri().toString(), files);
    }
}
