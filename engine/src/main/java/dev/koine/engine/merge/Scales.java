package dev.koine.engine.merge;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.store.ArtifactStore;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The numbers that a {@link Scale} came to for one version: the factor of each weight's merged delta. They are part of what a version
 * is made from.
 *
 * @param overall the factor of every weight without one of its own; with {@code byWeight}, the mean of these
 * @param byWeight by the key of the weight; empty where one number says it all
 */
public record Scales(double overall, SortedMap<String, Double> byWeight) {
    private static final int FORMAT = 1;
    private static final JsonMapper JSON = new JsonMapper();

    public Scales {
        byWeight = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(byWeight));
    }

    /** One number for all weights. */
    public static Scales fixed(double scale) {
        return new Scales(scale, new TreeMap<>());
    }

    /** A number for each weight by its key; weights that nothing was merged into have none. */
    public static Scales byWeight(Map<String, Double> byWeight) {
        SortedMap<String, Double> sorted = new TreeMap<>(byWeight);
        double mean = sorted.values().stream()
                .mapToDouble(Double::doubleValue)
                .average()
                .orElse(1);
        return new Scales(mean, sorted);
    }

    /** Whether {@link #overall} says it all. */
    public boolean isUniform() {
        return byWeight.isEmpty();
    }

    /** The factor of a weight's merged delta. */
    public double of(String key) {
        return byWeight.getOrDefault(key, overall);
    }

    private record Stored(int format, double overall, SortedMap<String, Double> byWeight) {}

    /** Keeps them in the store, as JSON; returns the digest. */
    public String put(ArtifactStore store) throws IOException {
        return store.put(file -> Files.write(file, JSON.writeValueAsBytes(new Stored(FORMAT, overall, byWeight))));
    }

    /**
     * Reads back what {@link #put} kept.
     *
     * @throws IOException if it is not there, or is something else
     */
    public static Scales get(ArtifactStore store, String digest) throws IOException {
        Stored stored = JSON.readValue(store.get(digest).toFile(), Stored.class);
        if (stored == null
                || stored.format() != FORMAT
                || stored.byWeight() == null
                || stored.byWeight().values().stream().anyMatch(Objects::isNull)) {
            throw new IOException("The artifact " + digest + " in the store holds no scales of format " + FORMAT + ".");
        }
        return new Scales(stored.overall(), stored.byWeight());
    }
}
