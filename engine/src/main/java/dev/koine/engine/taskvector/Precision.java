package dev.koine.engine.taskvector;

/** The element type that a compressed task vector keeps its values in. */
public enum Precision {
    FLOAT32(4),
    FLOAT16(2);

    private final int bytes;

    Precision(int bytes) {
        this.bytes = bytes;
    }

    public int bytes() {
        return bytes;
    }
}
