package dev.koine.engine.safetensors;

import java.util.List;

/**
 * Where a tensor of a safetensors file lies. Holds no elements.
 *
 * @param shape the dimensions, outermost first; empty for a scalar
 * @param offset the first byte of the elements in the file, row-major and little-endian
 * @param length the number of bytes, {@code numel() * type.bytes()}
 */
public record TensorEntry(String name, TensorType type, List<Long> shape, long offset, long length) {
    public TensorEntry {
        shape = List.copyOf(shape);
    }

    /** The number of elements; 1 for a scalar. */
    public long numel() {
        return length / type.bytes();
    }
}
