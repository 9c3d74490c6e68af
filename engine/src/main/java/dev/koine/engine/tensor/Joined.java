package dev.koine.engine.tensor;

import java.util.List;

/**
 * A tensor that an exporter made of others: put side by side, such as the projections to queries, keys and values in one matrix, and
 * each multiplied with a number, such as the scale of attention.
 *
 * <p>Element by element, {@code factor * element} in float32, rounded once.
 *
 * @param shape of the whole: a vector or a matrix, or whatever shape a single part has
 * @param axis along which the parts follow each other: 0, or 1 of a matrix
 * @param parts at least one; alike in every other dimension
 */
public record Joined(List<Long> shape, int axis, List<Part> parts) implements Values {
    /** @param factor 1 for the tensor as it is */
    public record Part(TensorInfo tensor, float factor) {}

    /** @throws IllegalArgumentException if the parts do not make up the shape */
    public Joined {
        shape = List.copyOf(shape);
        parts = List.copyOf(parts);
        if (axis < 0 || axis >= shape.size() || (parts.size() > 1 && shape.size() > 2)) {
            throw new IllegalArgumentException("parts of shape " + shape + " along axis " + axis);
        }
        long length = 0;
        for (Part part : parts) {
            List<Long> own = part.tensor().shape();
            for (int d = 0; d < shape.size(); d++) {
                if (own.size() != shape.size() || (d != axis && !own.get(d).equals(shape.get(d)))) {
                    throw new IllegalArgumentException("a part of shape " + own + " in one of " + shape);
                }
            }
            length += own.get(axis);
        }
        if (length != shape.get(axis)) {
            throw new IllegalArgumentException("parts of " + length + " along axis " + axis + " in " + shape);
        }
    }

    @Override
    public String name() {
        return parts.get(0).tensor().name();
    }

    @Override
    public List<TensorInfo> tensors() {
        return parts.stream().map(Part::tensor).toList();
    }

    boolean isScaled() {
        return parts.stream().anyMatch(part -> part.factor() != 1);
    }
}
