package dev.koine.engine.merge;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.engine.store.ArtifactStore;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;

/**
 * The compressed task vector of one expert, as the digests of its pieces in the store, together with what it was made from.
 * Its own digest, that of its JSON form, stands for everything it contains.
 *
 * @param format version of this form
 * @param base digest of the base bundle
 * @param expert digest of the expert's bundle
 * @param pieces digests of {@link dev.koine.engine.taskvector.TaskVectorFile}s, in the order of the tasks that made them
 */
public record TaskVector(int format, String base, String expert, List<String> pieces) {
    private static final int FORMAT = 1;
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .build();

    public TaskVector {
        pieces = List.copyOf(pieces);
        if (format != FORMAT) {
            throw new IllegalArgumentException(
                    "This is a task vector of format " + format + "; this version of Koine reads format " + FORMAT
                            + ". Use the version that wrote it, or a newer one.");
        }
    }

    public TaskVector(String base, String expert, List<String> pieces) {
        this(FORMAT, base, expert, pieces);
    }

    /** Keeps this list in the store; returns its digest. */
    public String put(ArtifactStore store) throws IOException {
        return store.put(file -> Files.write(file, JSON.writeValueAsBytes(this)));
    }

    /**
     * Reads back what {@link #put} kept.
     *
     * @throws IOException if it is not there, or is no task vector
     */
    public static TaskVector get(ArtifactStore store, String digest) throws IOException {
        TaskVector vector = JSON.readValue(store.get(digest).toFile(), TaskVector.class);
        if (vector == null) {
            throw new IOException("The artifact " + digest + " in the store is no task vector.");
        }
        return vector;
    }
}
