package dev.koine.engine.tensor;

/**
 * The delta of a weight as a product of two thin matrices: {@code factor * left * right}, or that transposed. What a LoRA adapter holds
 * (Hu et al., arXiv 2106.09685, section 4.1: left is B, right is A).
 *
 * @param left shape {@code [m, rank]}; what dimensions follow the second are 1
 * @param right shape {@code [rank, n]}; more dimensions count as one, row-major
 * @param factor finite; multiplied in float32, into the left matrix
 * @param isTransposed whether the weight has the shape {@code [n, m]}
 */
public record Factors(TensorInfo left, TensorInfo right, float factor, boolean isTransposed) implements Counterpart {
    @Override
    public String name() {
        return left.name();
    }

    /** Columns of the left matrix, rows of the right. */
    public int rank() {
        return Math.toIntExact(right.shape().get(0));
    }
}
