package dev.koine.engine.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A tensor with its elements, as it goes into a model or comes out of one.
 *
 * @param shape empty for a scalar
 * @param bytes of the elements, row-major, little-endian; booleans are one byte; to be left as they are
 */
public record RawTensor(String name, ElementType type, List<Long> shape, byte[] bytes) {
    /** @throws IllegalArgumentException if there are more or fewer bytes than type and shape say */
    public RawTensor {
        shape = List.copyOf(shape);
        long expected = Math.multiplyExact(shape.stream().reduce(1L, Math::multiplyExact), (long) type.bytes());
        if (bytes.length != expected) {
            throw new IllegalArgumentException("The tensor " + name + " of type " + type + " and shape " + shape
                    + " takes " + expected + " bytes, and has " + bytes.length + ".");
        }
    }

    /** How many elements it has. */
    public int numel() {
        return bytes.length / type.bytes();
    }

    /** Whether its elements are floating-point numbers that {@link #number} reads. */
    public boolean isFloat() {
        return switch (type) {
            case FLOAT, DOUBLE, FLOAT16, BFLOAT16 -> true;
            default -> false;
        };
    }

    /**
     * One floating-point number.
     *
     * @throws IllegalStateException if its elements are none
     */
    public double number(int index) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        return switch (type) {
            case FLOAT -> buffer.getFloat(index * Float.BYTES);
            case DOUBLE -> buffer.getDouble(index * Double.BYTES);
            case FLOAT16 -> FloatEncoding.fromFloat16(buffer.getShort(index * Short.BYTES));
            case BFLOAT16 -> FloatEncoding.fromBfloat16(buffer.getShort(index * Short.BYTES));
            default -> throw new IllegalStateException("The tensor " + name + " has elements of type " + type + ".");
        };
    }
}
