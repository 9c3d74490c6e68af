package dev.koine.engine.merge.total;

import java.io.IOException;

/** The sums of a model, as far as a version is made of them: whoever added them up, and wherever they lie. */
public interface ReadableSums {
    /**
     * Reads the totals of {@code count} elements of one weight from element {@code from} on.
     *
     * @param tensor index of the weight among the base's weights
     * @param target {@code [plane][i]}, as {@link dev.koine.engine.merge.method.Accumulation#planes} has them; magnitudes are at most
     *     2<sup>51</sup>
     */
    void read(int tensor, long from, double[][] target, int count) throws IOException;
}
