package dev.koine.engine.taskvector;

/**
 * A compressed run of elements of one task vector, in row-major order. Immutable.
 *
 * <p>{@link #read} is the one definition of what a compressed task vector says: float32 in a fixed order, so that whoever holds
 * the block gets the same bits.
 */
public sealed interface PrunedBlock permits LorsBlock, DenseBlock, CombinedBlock {

    /** The number of elements. */
    int numel();

    /** The element type that factors and values were rounded to, and are kept in. */
    Precision precision();

    /**
     * Decompresses {@code count} elements from element {@code from} on into {@code target[at]} and following. How a range is cut
     * into calls does not change a bit of the result.
     *
     * @throws IndexOutOfBoundsException if a range leaves the block or {@code target}
     */
    void read(int from, int count, float[] target, int at);
}
