package dev.koine.engine.store;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Copies bundles to a place, each into the folder that its digest names. So the same bundle comes to the same folder however often it is
 * uploaded, and an upload that was cut off is gone on with: a file that is there with its size and digest is not copied again, any other is
 * written anew.
 */
public final class BundleUpload {
    private static final String LOOKING = "looking what is there";
    private static final String UPLOADING = "uploading";

    private final UploadTarget target;
    private final Progress progress;

    public BundleUpload(UploadTarget target, Progress progress) {
        this.target = target;
        this.progress = progress;
    }

    /**
     * What became of an upload.
     *
     * @param bundle at its new place
     * @param copied how many files were not there
     */
    public record Uploaded(Bundle bundle, int copied) {}

    /**
     * Where a bundle comes to.
     *
     * @param place that bundles are uploaded to
     * @param digest as {@link Bundle#digest} gives it
     */
    public static URI folder(URI place, String digest) {
        String text = place.toString();
        return URI.create((text.endsWith("/") ? text : text + "/") + Sha256.hexOf(digest) + "/");
    }

    /**
     * Copies a bundle. When this returns, all its files are there, and were read back.
     *
     * @param source reads the files at the bundle's present place
     * @throws RejectedException if a file is not as the bundle lists it
     * @throws IOException if a file cannot be read, or the target does not take it
     */
    public Uploaded upload(Bundle bundle, BundleSource source) throws IOException, RejectedException {
        Bundle at = new Bundle(folder(target.place(), bundle.digest()), bundle.files());
        List<BundleFile> missing = missing(at);
        long bytes = missing.stream().mapToLong(BundleFile::size).sum();
        target.requireRoom(bytes);
        Counted counted = new Counted(source, UPLOADING, bytes);
        for (BundleFile file : missing) {
            target.write(at, file, out -> BundleVerifier.read(bundle, file, counted, out));
        }
        return new Uploaded(at, missing.size());
    }

    /** The files that are not there as they are listed; those that are are read to the end. */
    private List<BundleFile> missing(Bundle at) throws IOException {
        Counted counted = new Counted(target.source(), LOOKING, at.bytes());
        List<BundleFile> missing = new ArrayList<>();
        for (BundleFile file : at.files()) {
            try {
                BundleVerifier.read(at, file, counted, OutputStream.nullOutputStream());
            } catch (RejectedException other) {
                missing.add(file);
            }
        }
        return missing;
    }

    /** Reports what is read. */
    private final class Counted implements BundleSource {
        private final BundleSource source;
        private final String stage;
        private final long total;
        private long done;

        Counted(BundleSource source, String stage, long total) {
            this.source = source;
            this.stage = stage;
            this.total = total;
        }

        @Override
        public InputStream open(Bundle bundle, BundleFile file) throws IOException, RejectedException {
            return new CountingStream(source.open(bundle, file), this::add);
        }

        private void add(int bytes) {
            done += bytes;
            progress.report(stage, done, Math.max(done, total));
        }
    }

    private static final class CountingStream extends FilterInputStream {
        private final IntConsumer counter;

        CountingStream(InputStream in, IntConsumer counter) {
            super(in);
            this.counter = counter;
        }

        @Override
        public int read() throws IOException {
            int read = super.read();
            counter.accept(read < 0 ? 0 : 1);
            return read;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int read = super.read(buffer, offset, length);
            counter.accept(Math.max(0, read));
            return read;
        }
    }
}
