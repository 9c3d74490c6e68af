package dev.koine.engine.store;

import dev.koine.engine.RejectedException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;

/** A place that bundles are copied to, each into a folder of its own. A file appears there whole, or not at all. */
public interface UploadTarget extends AutoCloseable {

    /** The place; ends with a slash. */
    URI place();

    /** Reads back what is below {@link #place}. */
    BundleSource source();

    /**
     * Requires room for as many bytes, as far as that can be told beforehand.
     *
     * @throws IOException if there is less
     */
    void requireRoom(long bytes) throws IOException;

    /**
     * Writes a file, in place of one that has its name, and reads it back before others may take it for whole.
     *
     * @param at a bundle below {@link #place}
     * @param file one of its files
     * @throws RejectedException what the content throws
     * @throws IOException if it cannot be written, or reads back otherwise
     */
    void write(Bundle at, BundleFile file, Content content) throws IOException, RejectedException;

    @Override
    void close() throws IOException;

    /** Writes what a file holds. */
    @FunctionalInterface
    interface Content {
        void write(OutputStream out) throws IOException, RejectedException;
    }
}
