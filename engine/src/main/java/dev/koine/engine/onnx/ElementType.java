package dev.koine.engine.onnx;

/** Element types of ONNX tensors ({@code TensorProto.DataType} of the ONNX specification) with a fixed width in bytes. */
public enum ElementType {
    FLOAT(1, 4),
    UINT8(2, 1),
    INT8(3, 1),
    UINT16(4, 2),
    INT16(5, 2),
    INT32(6, 4),
    INT64(7, 8),
    STRING(8, 0),
    BOOL(9, 1),
    FLOAT16(10, 2),
    DOUBLE(11, 8),
    UINT32(12, 4),
    UINT64(13, 8),
    COMPLEX64(14, 8),
    COMPLEX128(15, 16),
    BFLOAT16(16, 2),
    FLOAT8E4M3FN(17, 1),
    FLOAT8E4M3FNUZ(18, 1),
    FLOAT8E5M2(19, 1),
    FLOAT8E5M2FNUZ(20, 1),
    /** Packed types below one byte an element, and whatever a later ONNX adds: never merged. */
    OTHER(-1, 0);

    private final int onnxCode;
    private final int bytes;

    ElementType(int onnxCode, int bytes) {
        this.onnxCode = onnxCode;
        this.bytes = bytes;
    }

    /** The element type with this {@code TensorProto.DataType} number; {@link #OTHER} if there is none here. */
    public static ElementType ofOnnxCode(int code) {
        for (ElementType type : values()) {
            if (type.onnxCode == code) {
                return type;
            }
        }
        return OTHER;
    }

    /** Width of one element in bytes; 0 where elements have no whole fixed width. */
    public int bytes() {
        return bytes;
    }

    /** Whether tensors of this type are merged: float32, float16 and bfloat16. */
    public boolean isMergeable() {
        return this == FLOAT || this == FLOAT16 || this == BFLOAT16;
    }

    /** The largest finite value of a type that is merged. */
    public float largestValue() {
        return switch (this) {
            case FLOAT -> Float.MAX_VALUE;
            case FLOAT16 -> 65504;
            case BFLOAT16 -> 0x1.fep127f;
            default -> throw new IllegalArgumentException("Tensors of type " + this + " are never merged.");
        };
    }
}
