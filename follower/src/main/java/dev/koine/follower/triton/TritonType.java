package dev.koine.follower.triton;

import dev.koine.engine.tensor.ElementType;
import java.util.Arrays;
import java.util.Optional;

/** The element types that Triton knows ("Model Configuration", table of datatypes). */
enum TritonType {
    BOOL(ElementType.BOOL),
    UINT8(ElementType.UINT8),
    UINT16(ElementType.UINT16),
    UINT32(ElementType.UINT32),
    UINT64(ElementType.UINT64),
    INT8(ElementType.INT8),
    INT16(ElementType.INT16),
    INT32(ElementType.INT32),
    INT64(ElementType.INT64),
    FP16(ElementType.FLOAT16),
    FP32(ElementType.FLOAT),
    FP64(ElementType.DOUBLE);

    private final ElementType element;

    TritonType(ElementType element) {
        this.element = element;
    }

    ElementType element() {
        return element;
    }

    /** As a model's configuration writes it; requests and answers have the plain {@link #name}. */
    String configured() {
        return "TYPE_" + name();
    }

    static Optional<TritonType> of(ElementType element) {
        return Arrays.stream(values()).filter(type -> type.element == element).findFirst();
    }
}
