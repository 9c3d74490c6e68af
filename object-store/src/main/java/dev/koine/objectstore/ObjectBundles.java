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
import java.nio.file.AccessDeniedException;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;

/** Reads bundles from directories of this machine and from object storage. */
public final class ObjectBundles implements BundleSource {

    @Override
    public InputStream open(Bundle bundle, BundleFile file) throws IOException, RejectedException {
        if (!RemotePlace.isRemote(bundle.uri())) {
            return BundleSource.LOCAL.open(bundle, file);
        }
        file.check();
        Path place = new Path(RemotePlace.require(bundle.uri()));
        Path path = new Path(place, file.path());
        try {
            return FileSystem.get(place.toUri()).open(path);
        } catch (FileNotFoundException e) {
            throw file.missing(path.toString());
        } catch (AccessDeniedException e) {
            throw new RejectedException(
                    RejectionCode.MISSING_FILE,
                    "The file " + path + " may not be read here. Let this process read it, or put it elsewhere.");
        }
    }
}
