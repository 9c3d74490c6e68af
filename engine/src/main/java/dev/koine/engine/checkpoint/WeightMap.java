package dev.koine.engine.checkpoint;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Which tensors of a checkpoint the weights of its export are, found by their values ({@link WeightMapper}). Its JSON form is one function of
 * what it says, so that its digest stands for it.
 *
 * @param format version of this form
 * @param base digest of the bundle of the export; empty where nobody asked for it
 * @param checkpoint digest of the checkpoint's bundle; likewise
 * @param weights of the base that come from the checkpoint, in the order of the base's weights; the others are constants of the graph, which no
 *     training changes
 * @param unmapped tensors of the checkpoint that no weight of the graph could be proven to be, sorted
 */
public record WeightMap(int format, String base, String checkpoint, List<MappedWeight> weights, List<String> unmapped) {
    private static final int FORMAT = 1;
    private static final JsonMapper JSON = new JsonMapper();

    public WeightMap {
        if (format != FORMAT) {
            throw new IllegalArgumentException(
                    "This is a map of format " + format + "; this version of Koine reads format " + FORMAT
                            + ". Use the version that wrote it, or a newer one.");
        }
        Objects.requireNonNull(base, "a map without a base");
        Objects.requireNonNull(checkpoint, "a map without a checkpoint");
        weights = List.copyOf(weights);
        unmapped = List.copyOf(unmapped);
    }

    /**
     * A weight that is made of tensors of the checkpoint.
     *
     * @param key of the weight ({@link dev.koine.engine.tensor.Weight#key})
     * @param axis along which the parts follow each other; 0 if there is one
     * @param parts mostly one
     */
    public record MappedWeight(String key, int axis, List<MappedPart> parts) {
        public MappedWeight {
            parts = List.copyOf(parts);
        }

        /** Whether the weight is one tensor as it is, or transposed. */
        @JsonIgnore
        public boolean isOneTensor() {
            return parts.size() == 1 && parts.get(0).factor() == 1;
        }
    }

    /**
     * One or more tensors of the checkpoint with the same values in the weight.
     *
     * @param tensors where there are several, values do not tell which of them it is: as they stand in the weight they are equal, and have to
     *     be in an expert
     * @param factor that the exporter multiplied the tensor with, in float32
     */
    public record MappedPart(List<MappedTensor> tensors, float factor) {
        public MappedPart {
            tensors = List.copyOf(tensors);
        }

        /** The tensors' names. */
        public List<String> names() {
            return tensors.stream().map(MappedTensor::name).toList();
        }
    }

    /**
     * A tensor of the checkpoint in a weight.
     *
     * @param isTransposed whether the weight has the transposed matrix
     */
    public record MappedTensor(String name, boolean isTransposed) {}

    static WeightMap of(List<MappedWeight> weights, List<String> unmapped) {
        return new WeightMap(FORMAT, "", "", weights, unmapped);
    }

    /** The same map, with the digests of the bundles that it is about. */
    public WeightMap about(String base, String checkpoint) {
        return new WeightMap(format, base, checkpoint, weights, unmapped);
    }

    /** The weights by their keys. */
    public Map<String, MappedWeight> byKey() {
        Map<String, MappedWeight> byKey = new HashMap<>();
        weights.forEach(weight -> byKey.put(weight.key(), weight));
        return byKey;
    }

    /** The weight that this tensor is in, if there is one; the first if there are several. */
    public Optional<MappedWeight> weightOf(String tensor) {
        return weights.stream()
                .filter(weight ->
                        weight.parts().stream().anyMatch(part -> part.names().contains(tensor)))
                .findFirst();
    }

    /** Writes the JSON form to a file. */
    public void write(Path file) throws IOException {
        Files.write(file, JSON.writeValueAsBytes(this));
    }

    /**
     * Reads back what {@link #write} wrote.
     *
     * @throws IOException if it is no map
     */
    public static WeightMap read(Path file) throws IOException {
        return Objects.requireNonNull(JSON.readValue(file.toFile(), WeightMap.class), "no map");
    }
}
