package dev.koine.engine.statistics;

import java.util.List;

/**
 * What one or more layers of a base multiply their weights with: the activations whose Gram matrix is kept, the mean of {@code x x^T} over positions.
 *
 * @param key {@code <model file>/<value>}, and for a convolution its window behind it; unique in its bundle
 * @param size the length of {@code x}; for a convolution all elements under its window, channel by channel, as a row of its weight has them
 * @param block the Gram matrix is kept in diagonal blocks of this size, the last one maybe smaller; {@code size} for all of it
 * @param layers the weights that multiply it, with all places of the bundle that hold them
 */
public record LayerInput(String key, int size, int block, List<Layer> layers) {
    /** The largest size whose Gram matrix is kept whole. */
    public static final int WHOLE = 1280;
    /** The size of the blocks of larger ones. */
    public static final int BLOCK = 64;
    /** The largest size that there is an input of. */
    public static final int LARGEST = 1 << 20;

    public LayerInput {
        layers = List.copyOf(layers);
        if (size < 1 || size > LARGEST || block < 1 || block > size || packedSize(size, block) > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("an input of " + size + " in blocks of " + block);
        }
    }

    /** The size of the blocks of an input of this size. */
    public static int block(int size) {
        return size <= WHOLE ? size : BLOCK;
    }

    /** The number of entries of the lower triangles of all blocks, with their diagonals. */
    public int packedSize() {
        return (int) packedSize(size, block);
    }

    private static long packedSize(long size, long block) {
        long rest = size % block;
        return size / block * (block * (block + 1) / 2) + rest * (rest + 1) / 2;
    }
}
