package dev.koine.engine.merge;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.engine.store.ArtifactStore;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The compressed task vector of one expert, as the digests of its pieces in the store, together with what it was made from; or a linear
 * combination of several, as the digests of all their pieces, each with a factor (language arithmetic, arXiv 2404.15737). A combination
 * needs the pieces and nothing else of its experts. Its own digest, that of its JSON form, stands for everything it contains.
 *
 * @param format version of this form: 1 for an expert's, 2 for a combination
 * @param base digest of the base bundle
 * @param expert digest of the expert's bundle; of a combination, empty
 * @param pieces digests of {@link dev.koine.engine.taskvector.TaskVectorFile}s, in the order of the tasks that made them
 * @param factors of a combination, one a piece; of an expert, empty
 */
public record TaskVector(
        int format,
        String base,
        String expert,
        List<String> pieces,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Double> factors) {
    private static final int OF_EXPERT = 1;
    private static final int COMBINED = 2;
    private static final JsonMapper JSON = new JsonMapper();

    public TaskVector {
        Objects.requireNonNull(base, "a task vector without a base");
        Objects.requireNonNull(expert, "a task vector without an expert");
        pieces = List.copyOf(Objects.requireNonNull(pieces, "a task vector without pieces"));
        factors = orNone(factors);
        if (format != OF_EXPERT && format != COMBINED) {
            throw new IllegalArgumentException(
                    "This is a task vector of format " + format + "; this version of Koine reads formats " + OF_EXPERT
                            + " and " + COMBINED + ". Use the version that wrote it, or a newer one.");
        }
        int needed = format == COMBINED ? pieces.size() : 0;
        if (factors.size() != needed || !factors.stream().allMatch(Double::isFinite)) {
            throw new IllegalArgumentException("A task vector of format " + format + " with " + pieces.size()
                    + " pieces has the factors " + factors + ".");
        }
    }

    private static List<Double> orNone(@Nullable List<Double> factors) {
        return factors == null ? List.of() : List.copyOf(factors);
    }

    /** That of an expert. */
    public TaskVector(String base, String expert, List<String> pieces) {
        this(OF_EXPERT, base, expert, pieces, List.of());
    }

    /** A task vector in a combination. */
    public record Term(TaskVector vector, double factor) {}

    /**
     * A linear combination: its value at an element is the sum of factor times value, over the terms in their order, in double, rounded
     * to float32 once. The factors of a combination among the terms multiply.
     *
     * @param terms at least one, of one base
     * @throws IllegalArgumentException if there is none, bases differ, or a factor is not finite
     */
    public static TaskVector combined(List<Term> terms) {
        if (terms.isEmpty()) {
            throw new IllegalArgumentException("a combination of nothing");
        }
        String base = terms.get(0).vector().base();
        List<String> pieces = new ArrayList<>();
        List<Double> factors = new ArrayList<>();
        for (Term term : terms) {
            TaskVector vector = term.vector();
            if (!vector.base().equals(base)) {
                throw new IllegalArgumentException(
                        "task vectors of the bases " + base + " and " + vector.base() + " in one combination");
            }
            for (int i = 0; i < vector.pieces().size(); i++) {
                pieces.add(vector.pieces().get(i));
                factors.add(term.factor() * vector.factor(i));
            }
        }
        return new TaskVector(COMBINED, base, "", pieces, factors);
    }

    /** Whether this is a combination. */
    @JsonIgnore
    public boolean isCombined() {
        return format == COMBINED;
    }

    /** The factor of a piece; 1 for an expert's. */
    double factor(int piece) {
        return isCombined() ? factors.get(piece) : 1;
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
