package dev.koine.engine.taskvector;

import java.util.Objects;

/** Every element as it is. */
public final class DenseBlock implements PrunedBlock {
    private final Precision precision;
    private final float[] values;

    DenseBlock(Precision precision, float[] values) {
        this.precision = precision;
        this.values = values;
    }

    /** One of float32. */
    static DenseBlock of(float[] values) {
        return new DenseBlock(Precision.FLOAT32, values);
    }

    @Override
    public int numel() {
        return values.length;
    }

    @Override
    public Precision precision() {
        return precision;
    }

    @Override
    public void read(int from, int count, float[] target, int at) {
        Objects.checkFromIndexSize(from, count, values.length);
        System.arraycopy(values, from, target, at, count);
    }

    float[] values() {
        return values;
    }
}
