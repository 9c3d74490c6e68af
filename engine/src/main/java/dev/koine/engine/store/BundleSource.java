package dev.koine.engine.store;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import java.io.IOException;
import java.io.InputStream;
import org.apiguardian.api.API;

/** Where the files of bundles are read from, by the scheme of the bundle's URI. */
@FunctionalInterface
@API(status = API.Status.MAINTAINED)
public interface BundleSource {
    /** Directories that are mounted here, as {@code file:} URIs; links below them are refused. */
    BundleSource LOCAL = new LocalBundles();

    /**
     * Opens a file of a bundle. What is read has to be held against the bundle, as {@link BundleVerifier} does.
     *
     * @throws RejectedException {@link RejectionCode#MISSING_FILE} if there is no such file, {@link RejectionCode#PLACE_NOT_ALLOWED} for
     *     a link or a place that this source does not read, {@link RejectionCode#SIZE_MISMATCH} where the size is known beforehand
     * @throws IOException if it cannot be read now, which may be trouble of our own
     */
    InputStream open(Bundle bundle, BundleFile file) throws IOException, RejectedException;

    /** Whether it reads the place that a bundle's URI names; false for one that has copies from elsewhere. */
    default boolean readsPlaces() {
        return true;
    }
}
