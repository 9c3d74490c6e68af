package dev.koine.objectstore;

import dev.koine.engine.RejectedException;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.engine.store.BundleSource;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.engine.store.UploadTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;

/**
 * A prefix in object storage that bundles are copied to. An object appears when it is written to its end; it is read back then, and taken
 * away where it is not what it should be. One that is right stays, whoever wrote it: others may upload the same at the same time.
 */
final class RemoteTarget implements UploadTarget {
    private final URI place;
    private final RemoteObjects objects;

    /** @param place ends with a slash; the objects are below it */
    RemoteTarget(URI place, RemoteObjects objects) {
        this.place = place;
        this.objects = objects;
    }

    @Override
    public URI place() {
        return place;
    }

    @Override
    public BundleSource source() {
        return this::open;
    }

    private InputStream open(Bundle at, BundleFile file) throws IOException, RejectedException {
        file.check();
        String name = name(at, file);
        try {
            return objects.open(name);
        } catch (FileNotFoundException e) {
            throw file.missing(objects.path(name).toString());
        }
    }

    @Override
    public void requireRoom(long bytes) {
        // Object storage has no end that it would tell of.
    }

    @Override
    public void write(Bundle at, BundleFile file, Content content) throws IOException, RejectedException {
        file.check();
        String name = name(at, file);
        try {
            try (OutputStream out = objects.create(name)) {
                content.write(out);
            }
            requireWritten(at, file);
        } catch (IOException | RejectedException | RuntimeException e) {
            removeUnlessGood(at, file, e);
            throw e;
        }
    }

    private void requireWritten(Bundle at, BundleFile file) throws IOException {
        try {
            BundleVerifier.read(at, file, source(), OutputStream.nullOutputStream());
        } catch (RejectedException e) {
            throw new IOException("What was written reads back otherwise: " + e.getMessage(), e);
        }
    }

    private void removeUnlessGood(Bundle at, BundleFile file, Exception first) {
        try {
            BundleVerifier.read(at, file, source(), OutputStream.nullOutputStream());
        } catch (RejectedException notGood) {
            try {
                objects.delete(name(at, file));
            } catch (IOException | RuntimeException second) {
                first.addSuppressed(second);
            }
        } catch (IOException | RuntimeException unknown) {
            first.addSuppressed(unknown);
        }
    }

    private String name(Bundle at, BundleFile file) {
        return at.uri().toString().substring(place.toString().length()) + file.path();
    }

    @Override
    public void close() {
        // Flink's file systems are shared, and stay.
    }
}
