package dev.koine.engine.statistics;

import java.util.List;

/**
 * What one or more layers of a base multiply their weights with: the activations whose Gram matrix is kept, the mean of {@code x x^T} over positions.
 *
 * @param key {@code <model file>/<value>}, and for a convolution its window behind it; unique in its bundle
 * @param size the length of {@code x}; for a convolution all elements under its window, channel by channel, as a row of its weight has them
 * @param layers the weights that multiply it, with all places of the bundle that hold them
 */
public record LayerInput(String key, int size, List<Layer> layers) {
    /** The largest size that there is an input of: its Gram matrix is still an array. */
    public static final int LARGEST = 1 << 15;

    public LayerInput {
        layers = List.copyOf(layers);
        if (size < 1 || size > LARGEST) {
            throw new IllegalArgumentException("an input of " + size);
        }
    }

    /** The number of entries of the lower triangle of its Gram matrix, with the diagonal. */
    public int packedSize() {
        return (int) ((long) size * (size + 1) / 2);
    }
}
