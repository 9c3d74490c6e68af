package dev.koine.engine.merge;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where the files are that whoever applies a task vector needs.
 *
 * <pre>
 *   {"format": 1, "artifacts": {"uri": ..., "files": [{"path": ..., "size": ..., "sha256": ...}, ...]}, "statistics": ...}
 * </pre>
 *
 * @param artifacts the {@link TaskVector} and its pieces, each at a path of the store's choice
 * @param statistics what it is weighed by, a bundle of its own; null where nothing is
 */
public record Patch(Bundle artifacts, @Nullable Bundle statistics) {
    private static final int FORMAT = 1;
    /** Of a bundle, as {@link Bundle#of} takes in. */
    private static final int MOST_FILES = 4096;

    /** Bytes of the longest list that is read. */
    public static final long LONGEST_LIST = 16 << 20;

    private static final JsonMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private record Place(String uri, List<BundleFile> files) {
        static Place of(Bundle bundle) {
            return new Place(bundle.uri().toString(), bundle.files());
        }

        Bundle bundle() throws RejectedException {
            return Bundle.of(uri, files);
        }
    }

    private record Written(
            int format, @Nullable Place artifacts, @Nullable Place statistics) {}

    /**
     * That of a task vector in a store; empty for one of so many pieces that no bundle lists them.
     *
     * @throws IOException if the store has not all of it
     */
    public static Optional<Patch> of(String taskVector, ArtifactStore store) throws IOException {
        TaskVector vector = TaskVector.get(store, taskVector);
        List<String> digests = new ArrayList<>(vector.pieces());
        digests.add(taskVector);
        Bundle artifacts = store.files(digests);
        if (artifacts.files().size() > MOST_FILES) {
            return Optional.empty();
        }
        return Optional.of(
                new Patch(artifacts, vector.statistics().isEmpty() ? null : statistics(vector.statistics(), store)));
    }

    private static Bundle statistics(String digest, ArtifactStore store) throws IOException {
        URI place = store.address(digest);
        try {
            return new Bundle(place, Bundle.describe(store.bundle(digest)).files());
        } catch (RejectedException e) {
            throw new IOException("The store's copy of statistics is damaged: " + e.getMessage(), e);
        }
    }

    /** What all the files have together. */
    public long bytes() {
        return artifacts.bytes() + (statistics == null ? 0 : statistics.bytes());
    }

    /** Keeps this list in a store; returns it as a bundle of one file. */
    public Bundle put(ArtifactStore store) throws IOException {
        Written written = new Written(FORMAT, Place.of(artifacts), statistics == null ? null : Place.of(statistics));
        return store.files(List.of(store.put(file -> Files.write(file, JSON.writeValueAsBytes(written)))));
    }

    /**
     * Reads a list back.
     *
     * @throws RejectedException INVALID_EVENT for what is none, TOO_LARGE for one of over 16 MiB, and as {@link Bundle#of}
     */
    public static Patch read(Path file) throws IOException, RejectedException {
        if (Files.size(file) > LONGEST_LIST) {
            throw new RejectedException(
                    RejectionCode.TOO_LARGE,
                    "The list of a task vector's files has " + Files.size(file) + " bytes, and " + LONGEST_LIST
                            + " are the most. Fetch the whole version instead.");
        }
        @Nullable Written written;
        try {
            written = JSON.readValue(file.toFile(), Written.class);
        } catch (com.fasterxml.jackson.core.JacksonException e) {
            throw invalid("is not the JSON of one: " + e.getOriginalMessage());
        }
        if (written == null || written.format() != FORMAT || written.artifacts() == null) {
            throw invalid("is none of format " + FORMAT);
        }
        return new Patch(
                written.artifacts().bundle(),
                written.statistics() == null ? null : written.statistics().bundle());
    }

    private static RejectedException invalid(String what) {
        return new RejectedException(
                RejectionCode.INVALID_EVENT,
                "The list of a task vector's files " + what
                        + ". Update this service, or fetch the whole version instead.");
    }
}
