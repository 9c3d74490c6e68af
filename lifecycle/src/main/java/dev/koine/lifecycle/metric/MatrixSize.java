package dev.koine.lifecycle.metric;

import java.util.Locale;

/** Classes of tensors by their number of elements: what pruning one takes grows with it. */
public enum MatrixSize {
    UP_TO_1M,
    UP_TO_10M,
    OVER_10M;

    private static final long MILLION = 1_000_000;

    /** The class of a tensor with so many elements. */
    public static MatrixSize of(long elements) {
        if (elements <= MILLION) {
            return UP_TO_1M;
        }
        return elements <= 10 * MILLION ? UP_TO_10M : OVER_10M;
    }

    /** As a label. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
