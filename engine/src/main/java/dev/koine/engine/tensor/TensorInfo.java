package dev.koine.engine.tensor;

import java.nio.file.Path;
import java.util.List;

/**
 * Where a tensor lies: its name, element type and shape, and the bytes in a file that hold its elements, row-major and
 * little-endian. Holds no weights.
 *
 * @param name the initializer's name, or the output's name of the Constant node that holds it; for messages, not for identity
 * @param shape the dimensions, outermost first; empty for a scalar
 * @param file the model file, or the external-data file
 * @param offset the first byte of the elements in {@code file}; not necessarily aligned
 * @param length the number of bytes; {@code numel() * type.bytes()} unless they are varints
 */
public record TensorInfo(
        String name, ElementType type, List<Long> shape, Path file, long offset, long length, Storage storage)
        implements Values {
    public TensorInfo {
        shape = List.copyOf(shape);
    }

    /** A tensor whose elements are stored as their bytes. */
    public TensorInfo(String name, ElementType type, List<Long> shape, Path file, long offset, long length) {
        this(name, type, shape, file, offset, length, Storage.BYTES);
    }

    /** How a file holds elements. */
    public enum Storage {
        /** As raw data, or as floats that are packed into one field, which is the same. */
        BYTES,
        /** Elements of two bytes as varints, packed into one field ({@code int32_data}), each in as few bytes as it takes. */
        VARINTS,
        /** As the bytes of the elements of a matrix, column by column: what lies there row-major is the matrix transposed. */
        COLUMNS
    }

    /** The transposed matrix, which the same bytes hold. */
    public TensorInfo transposed() {
        if (shape.size() != 2 || storage == Storage.VARINTS) {
            throw new IllegalStateException(
                    "The tensor " + name + " of shape " + shape + " cannot be read transposed.");
        }
        Storage other = storage == Storage.BYTES ? Storage.COLUMNS : Storage.BYTES;
        return new TensorInfo(name, type, List.of(shape.get(1), shape.get(0)), file, offset, length, other);
    }

    @Override
    public List<TensorInfo> tensors() {
        return List.of(this);
    }

    /** The number of elements; 1 for a scalar. */
    public long numel() {
        return shape.stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
    }
}
