package dev.koine.engine.safetensors;

/** The element types of safetensors with whole bytes; the names of the constants stand in the file. */
public enum TensorType {
    F64(8),
    I64(8),
    U64(8),
    F32(4),
    I32(4),
    U32(4),
    F16(2),
    BF16(2),
    I16(2),
    U16(2),
    I8(1),
    U8(1),
    BOOL(1);

    private final int bytes;

    TensorType(int bytes) {
        this.bytes = bytes;
    }

    /** Width of one element. */
    public int bytes() {
        return bytes;
    }
}
