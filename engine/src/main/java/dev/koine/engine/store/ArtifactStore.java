package dev.koine.engine.store;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import org.apiguardian.api.API;

/**
 * Keeps immutable artifacts under the digest of their content: pieces of task vectors, and whole bundles. An artifact is written
 * aside, forced to disk, hashed and only then renamed to its address, so whoever holds a digest finds the whole artifact or none.
 * Putting the
 * same content twice is harmless, and makes it count as put last by then.
 *
 * <p>An {@link IOException} from here is trouble of our own: worth trying again, never a fault of the input.
 */
@API(status = API.Status.MAINTAINED)
public interface ArtifactStore {

    /**
     * Keeps one file.
     *
     * @param writer writes the file at the path that it is given
     * @return {@code sha256:} and 64 hexadecimal digits
     */
    <X extends Exception> String put(Writer<X> writer) throws IOException, X;

    /**
     * A readable local file with this content.
     *
     * @throws DamagedException if what the store has is something else
     */
    Path get(String digest) throws IOException;

    /**
     * Keeps a folder of files.
     *
     * @param writer writes the files below the empty directory that it is given
     * @return the bundle at its place in the store
     */
    <X extends Exception> Bundle putBundle(Writer<X> writer) throws IOException, X;

    /**
     * A readable local directory with the bundle of this digest.
     *
     * @throws DamagedException if what the store has is something else
     */
    Path bundle(String digest) throws IOException;

    /** Where others, which have this store under the same name, fetch the bundle of this digest from. */
    URI address(String digest) throws IOException;

    /**
     * Files that were {@link #put}, as a bundle that others, which have this store under the same name, fetch; each once.
     *
     * @throws IOException if one is not there
     */
    Bundle files(Collection<String> digests) throws IOException;

    /**
     * Makes something count as put now, so that whoever looks for what is old leaves it.
     *
     * @return false if it is not there
     */
    boolean renew(StoredArtifact.Kind kind, String digest) throws IOException;

    /** What is known by name. */
    StoreRecords records();

    /** Everything that is kept, in no order; what is put meanwhile may be missing. */
    List<StoredArtifact> list() throws IOException;

    /**
     * Takes something away, unless it was put again since it was listed.
     *
     * @return whether it is gone
     */
    boolean remove(StoredArtifact listed) throws IOException;

    /**
     * Takes away what was begun to be written before a time and never finished.
     *
     * @return how much there was
     */
    int removeUnfinished(Instant before) throws IOException;

    /**
     * Writes an artifact at a path that nobody else sees. If it throws, nothing is kept.
     *
     * @param <X> what it may throw beside an {@link IOException}
     */
    @FunctionalInterface
    interface Writer<X extends Exception> {
        void write(Path target) throws IOException, X;
    }
}
