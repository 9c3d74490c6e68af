package dev.koine.engine.onnx.rewrite;

import dev.koine.engine.onnx.wire.MessageBytes;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.FloatEncoding;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * An initializer that is put into the outermost graph of a model ({@code TensorProto}).
 *
 * @param place where its elements lie outside; else {@code values} has them
 * @param values its elements, where they do not lie outside: integers for int64, else any
 */
public record NewTensor(String name, ElementType type, List<Long> shape, Optional<Place> place, List<Double> values) {
    private static final int EXTERNAL = 1;

    public NewTensor {
        shape = List.copyOf(shape);
        values = List.copyOf(values);
    }

    /**
     * A range of a file.
     *
     * @param location relative to the model file
     */
    public record Place(String location, long offset, long length) {}

    /** One whose elements lie outside. */
    static NewTensor outside(String name, ElementType type, List<Long> shape, Place place) {
        return new NewTensor(name, type, shape, Optional.of(place), List.of());
    }

    /** A vector of int64. */
    static NewTensor integers(String name, double... values) {
        List<Double> list = Arrays.stream(values).boxed().toList();
        return new NewTensor(name, ElementType.INT64, List.of((long) values.length), Optional.empty(), list);
    }

    /** A vector of ones. */
    static NewTensor ones(String name, ElementType type, int length) {
        return new NewTensor(name, type, List.of((long) length), Optional.empty(), Collections.nCopies(length, 1d));
    }

    byte[] toBytes() {
        MessageBytes tensor = new MessageBytes();
        shape.forEach(size -> tensor.number(1, size));
        tensor.number(2, type.onnxCode()).text(8, name);
        if (place.isEmpty()) {
            ByteBuffer raw = ByteBuffer.allocate(values.size() * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
            for (double value : values) {
                if (type == ElementType.INT64) {
                    raw.putLong((long) value);
                } else {
                    FloatEncoding.encode(type, new float[] {(float) value}, 0, 1, raw);
                }
            }
            return tensor.bytes(9, raw.array()).toBytes();
        }
        return tensor.message(13, entry("location", place.get().location()))
                .message(13, entry("offset", Long.toString(place.get().offset())))
                .message(13, entry("length", Long.toString(place.get().length())))
                .number(14, EXTERNAL)
                .toBytes();
    }

    static MessageBytes entry(String key, String value) {
        return new MessageBytes().text(1, key).text(2, value);
    }
}
