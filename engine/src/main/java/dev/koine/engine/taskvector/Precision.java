package dev.koine.engine.taskvector;

/** The element type that a compressed task vector keeps its values in. */
public enum Precision {
    FLOAT32,
    FLOAT16,
    /** Integers from -127 to 127, a scale for each 128 of them ({@link Quantization}). */
    INT8,
    /** Integers from -7 to 7, likewise. */
    INT4;

    /** Whether each value is rounded by itself. */
    public boolean isFloat() {
        return !isInteger();
    }

    /** Whether values are integers with a scale. */
    boolean isInteger() {
        return this == INT8 || this == INT4;
    }
}
