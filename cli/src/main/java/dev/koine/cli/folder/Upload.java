package dev.koine.cli.folder;

import dev.koine.cli.console.Counted;
import dev.koine.cli.console.ProgressBar;
import dev.koine.engine.RejectedException;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleUpload;
import dev.koine.engine.store.RemotePlace;
import dev.koine.engine.store.UploadTarget;
import dev.koine.objectstore.StoreTrouble;
import dev.koine.objectstore.Stores;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;

/** Copies bundles to a place where the job finds them, and says so. */
public final class Upload {
    private final URI place;
    private final URI seen;

    /**
     * Uploads to a place.
     *
     * @param place a {@code file:} URI, or one of object storage
     * @param seen the same place as the job finds it
     */
    public Upload(URI place, URI seen) {
        this.place = place;
        this.seen = seen;
    }

    /**
     * Requires that the place answers and can be written to; a folder is made if it is not there.
     *
     * @throws IOException with what is wrong
     */
    public void requirePlace() throws IOException {
        if (RemotePlace.isRemote(place)) {
            Stores.initializeFileSystems();
            Stores.requireAnswer("place", place);
        } else {
            Folders.requireWritableFolder(Path.of(place));
        }
    }

    /** A bundle that is listed, and not hashed yet, at an address that is as long as its own will be. */
    public Bundle listed(Bundle bundle) {
        return at(bundle);
    }

    /**
     * Copies the files that are not there yet.
     *
     * @param described the bundle of the files, hashed
     * @return the bundle where the job finds it
     */
    public Bundle copy(ModelFiles files, Bundle described, PrintWriter out, PrintWriter err)
            throws IOException, RejectedException {
        try (UploadTarget target = Stores.uploadTo(place)) {
            BundleUpload.Uploaded done = new BundleUpload(target, new ProgressBar(err, System.console() != null))
                    .upload(described, files.source());
            int there = done.bundle().files().size() - done.copied();
            out.printf(
                    "%s: %s copied, %d there already.%n",
                    done.bundle().uri(), Counted.of(done.copied(), "file"), there);
            return at(done.bundle());
        } catch (IOException e) {
            if (RemotePlace.isRemote(place)) {
                throw new IOException("Copying to " + place + " failed: " + StoreTrouble.sentence(e), e);
            }
            throw e;
        }
    }

    private Bundle at(Bundle bundle) {
        return new Bundle(BundleUpload.folder(seen, bundle.digest()), bundle.files());
    }
}
