package dev.koine.engine.onnx.rewrite;

import java.util.ArrayList;
import java.util.List;

/** How a graph is told which rows of its tables it is to compute with. */
public enum Form {
    /** One row for all that a call computes: the input is a scalar. Factors have two dimensions, so a call costs little more than the base's. */
    CALL(0),
    /**
     * One row for each entry of a batch: the input is a vector as long as the batch, or of length 1 for all of it. The first dimension of every
     * activation has to be the batch.
     */
    BATCH(1);

    private final int axes;

    Form(int axes) {
        this.axes = axes;
    }

    /** Axes of the input that chooses: 0 for a scalar. */
    int axes() {
        return axes;
    }

    /** The shape of a table of vectors whose rows are to be added along the last axis but {@code behind}. */
    List<Long> vectors(int rows, long length, int behind) {
        List<Long> shape = new ArrayList<>(List.of((long) rows));
        if (this == BATCH && behind == 0) {
            shape.add(1L);
        }
        shape.add(length);
        for (int i = 0; i < behind; i++) {
            shape.add(1L);
        }
        return shape;
    }
}
