package dev.koine.objectstore;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.engine.store.BundleSource;
import dev.koine.engine.store.RemotePlace;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;

/**
 * Reads bundles from directories of this machine and from object storage. Where object storage denies access that is trouble of our own, which may pass:
 * who announces a version has written it. An event may name any place, and whatever it names must not hold up the others: then it is a refusal.
 */
public final class ObjectBundles implements BundleSource {
    private final FileSystems fileSystems;
    private final boolean isOfEvents;

    /** Where the files of a place are. */
    @FunctionalInterface
    interface FileSystems {
        FileSystem of(URI place) throws IOException;
    }

    ObjectBundles(FileSystems fileSystems, boolean isOfEvents) {
        this.fileSystems = fileSystems;
        this.isOfEvents = isOfEvents;
    }

    /** Those of versions that are announced. */
    public ObjectBundles() {
        this(FileSystem::get, false);
    }

    /** Those that events name: what may not be read is refused, {@link RejectionCode#MISSING_FILE}. */
    public static BundleSource ofEvents() {
        return new ObjectBundles(FileSystem::get, true);
    }

    @Override
    public InputStream open(Bundle bundle, BundleFile file) throws IOException, RejectedException {
        if (!RemotePlace.isRemote(bundle.uri())) {
            return BundleSource.LOCAL.open(bundle, file);
        }
        file.check();
        Path place = new Path(RemotePlace.require(bundle.uri()));
        Path path = new Path(place, file.path());
        try {
            return fileSystems.of(place.toUri()).open(path);
        } catch (FileNotFoundException e) {
            throw file.missing(path.toString());
        } catch (AccessDeniedException e) {
            if (isOfEvents) {
                throw new RejectedException(
                        RejectionCode.MISSING_FILE,
                        "The file " + path + " may not be read here. Let this process read it, or put it elsewhere.");
            }
            throw new IOException("The file " + path + " may not be read here. " + StoreTrouble.sentence(e), e);
        }
    }
}
