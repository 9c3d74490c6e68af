package dev.koine.engine.tensor;

import java.util.Arrays;
import java.util.Optional;

/**
 * Element types of tensors: those of ONNX ({@code TensorProto.DataType} of its specification), some of which safetensors has, too. The names
 * of the constants stand in stored plans.
 */
public enum ElementType {
    FLOAT(1, 32, "F32"),
    UINT8(2, 8, "U8"),
    INT8(3, 8, "I8"),
    UINT16(4, 16, "U16"),
    INT16(5, 16, "I16"),
    INT32(6, 32, "I32"),
    INT64(7, 64, "I64"),
    STRING(8, 0),
    BOOL(9, 8, "BOOL"),
    FLOAT16(10, 16, "F16"),
    DOUBLE(11, 64, "F64"),
    UINT32(12, 32, "U32"),
    UINT64(13, 64, "U64"),
    COMPLEX64(14, 64),
    COMPLEX128(15, 128),
    BFLOAT16(16, 16, "BF16"),
    FLOAT8E4M3FN(17, 8),
    FLOAT8E4M3FNUZ(18, 8),
    FLOAT8E5M2(19, 8),
    FLOAT8E5M2FNUZ(20, 8),
    /** Below one byte an element, elements stand packed, and the last byte is filled up. */
    UINT4(21, 4),
    INT4(22, 4),
    FLOAT4E2M1(23, 4),
    FLOAT8E8M0(24, 8),
    UINT2(25, 2),
    INT2(26, 2),
    /** Whatever a later ONNX adds: never merged, and compared byte by byte. */
    OTHER(-1, 0);

    private final int onnxCode;
    private final int bits;
    private final Optional<String> safetensorsName;

    ElementType(int onnxCode, int bits) {
        this.onnxCode = onnxCode;
        this.bits = bits;
        this.safetensorsName = Optional.empty();
    }

    ElementType(int onnxCode, int bits, String safetensorsName) {
        this.onnxCode = onnxCode;
        this.bits = bits;
        this.safetensorsName = Optional.of(safetensorsName);
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

    /** Its {@code TensorProto.DataType} number; -1 for {@link #OTHER}. */
    public int onnxCode() {
        return onnxCode;
    }

    /** The element type that a safetensors file calls so; empty if none is read here. */
    public static Optional<ElementType> ofSafetensorsName(String name) {
        return Arrays.stream(values())
                .filter(type -> type.safetensorsName.equals(Optional.of(name)))
                .findFirst();
    }

    /**
     * What a safetensors file calls it.
     *
     * @throws IllegalArgumentException if it is neither read nor written there
     */
    public String safetensorsName() {
        return safetensorsName.orElseThrow(
                () -> new IllegalArgumentException("Tensors of type " + this + " are not kept as safetensors."));
    }

    /** Width of one element in bytes; 0 where elements have no whole fixed width. */
    public int bytes() {
        return bits / 8;
    }

    /** Width of one element in bits; 0 for strings and {@link #OTHER}, whose elements have none that is known here. */
    public int bits() {
        return bits;
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
