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
 * <p>Where a model is merged by what the layers' inputs look like (REGMEAN), it has the digest of the {@link dev.koine.engine.statistics.Statistics} that it is
 * weighed by; then it may have no pieces: a language that nothing is merged for, and that is protected by its statistics alone.
 *
 * @param format version of this form: 1 for an expert's, 2 for a combination, 3 with statistics, 4 for a combination with statistics
 * @param base digest of the base bundle
 * @param expert digest of the expert's bundle; of a combination, empty
 * @param pieces digests of {@link dev.koine.engine.taskvector.TaskVectorFile}s, in the order of the tasks that made them
 * @param factors of a combination, one a piece; of an expert, empty
 * @param statistics digest of the bundle in the store that has them; empty for none
 */
public record TaskVector(
        int format,
        String base,
        String expert,
        List<String> pieces,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Double> factors,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) String statistics) {
    private static final int OF_EXPERT = 1;
    private static final int COMBINED = 2;
    private static final int WEIGHED = 3;
    private static final int WEIGHED_COMBINED = 4;
    private static final JsonMapper JSON = new JsonMapper();

    public TaskVector {
        Objects.requireNonNull(base, "a task vector without a base");
        Objects.requireNonNull(expert, "a task vector without an expert");
        pieces = List.copyOf(Objects.requireNonNull(pieces, "a task vector without pieces"));
        factors = orNone(factors);
        statistics = orEmpty(statistics);
        if (format < OF_EXPERT || format > WEIGHED_COMBINED) {
            throw new IllegalArgumentException(
                    "This is a task vector of format " + format + "; this version of Koine reads formats " + OF_EXPERT
                            + " to " + WEIGHED_COMBINED + ". Use the version that wrote it, or a newer one.");
        }
        if ((format >= WEIGHED) == statistics.isEmpty()) {
            throw new IllegalArgumentException(
                    "A task vector of format " + format + " has the statistics '" + statistics + "'.");
        }
        int needed = isCombined(format) ? pieces.size() : 0;
        if (factors.size() != needed || !factors.stream().allMatch(Double::isFinite)) {
            throw new IllegalArgumentException("A task vector of format " + format + " with " + pieces.size()
                    + " pieces has the factors " + factors + ".");
        }
    }

    private static List<Double> orNone(@Nullable List<Double> factors) {
        return factors == null ? List.of() : List.copyOf(factors);
    }

    private static String orEmpty(@Nullable String statistics) {
        return statistics == null ? "" : statistics;
    }

    private static boolean isCombined(int format) {
        return format == COMBINED || format == WEIGHED_COMBINED;
    }

    /** That of an expert. */
    public TaskVector(String base, String expert, List<String> pieces) {
        this(OF_EXPERT, base, expert, pieces, List.of(), "");
    }

    /**
     * This, weighed by statistics.
     *
     * @param digest of their bundle in the store; null for none
     */
    public TaskVector weighedBy(@Nullable String digest) {
        if (digest == null) {
            return this;
        }
        return new TaskVector(isCombined() ? WEIGHED_COMBINED : WEIGHED, base, expert, pieces, factors, digest);
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
        return new TaskVector(COMBINED, base, "", pieces, factors, "");
    }

    /** Whether this is a combination. */
    @JsonIgnore
    public boolean isCombined() {
        return isCombined(format);
    }

    /** The digests of all that it needs from the store, but for itself. */
    @JsonIgnore
    public List<String> needs() {
        List<String> digests = new ArrayList<>(pieces);
        if (!statistics.isEmpty()) {
            digests.add(statistics);
        }
        return digests;
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
