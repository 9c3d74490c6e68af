package dev.koine.engine.checkpoint;

import dev.koine.engine.checkpoint.WeightMap.MappedPart;
import dev.koine.engine.checkpoint.WeightMap.MappedTensor;
import dev.koine.engine.checkpoint.WeightMap.MappedWeight;
import dev.koine.engine.tensor.ElementReader;
import dev.koine.engine.tensor.Joined;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Weights that an exporter made of several tensors, or of one and a number: projections to queries, keys and values in one matrix, and a scale
 * multiplied into a weight. A fold counts as found only if every element comes out bit by bit.
 */
final class Folding {
    /** What has fewer values, or all of one, may come out by chance. */
    private static final int LEAST_VALUES = 16;

    private final List<TensorInfo> tensors;

    /** @param tensors that no weight is as it is */
    Folding(List<TensorInfo> tensors) {
        this.tensors = tensors.stream()
                .filter(tensor -> tensor.numel() >= LEAST_VALUES)
                .toList();
    }

    /** What a weight was made of; null if that is not found. */
    @Nullable
    MappedWeight find(Weight weight) throws IOException {
        int dimensions = weight.tensor().shape().size();
        if (dimensions == 0 || tensors.isEmpty()) {
            return null;
        }
        for (int axis = 0; axis < (dimensions == 2 ? 2 : 1); axis++) {
            @Nullable List<MappedPart> parts = parts(weight.tensor(), axis);
            if (parts != null) {
                return new MappedWeight(weight.key(), axis, parts);
            }
        }
        return null;
    }

    /** Part after part along an axis: each the only tensor that fits where the one before ended. */
    private @Nullable List<MappedPart> parts(TensorInfo weight, int axis) throws IOException {
        List<MappedPart> parts = new ArrayList<>();
        Set<String> taken = new HashSet<>();
        long length = weight.shape().get(axis);
        for (long at = 0; at < length; ) {
            @Nullable MappedPart next = null;
            long extent = 0;
            for (TensorInfo tensor : tensors) {
                for (int way = 0; way < 2 && !taken.contains(tensor.name()); way++) {
                    @Nullable TensorInfo view = view(tensor, way == 1, weight, axis);
                    @Nullable Float factor = view == null ? null : factor(weight, axis, at, view);
                    if (view != null && factor != null) {
                        if (next != null) {
                            return null;
                        }
                        next = new MappedPart(List.of(new MappedTensor(tensor.name(), way == 1)), factor);
                        extent = view.shape().get(axis);
                        break;
                    }
                }
            }
            if (next == null) {
                return null;
            }
            parts.add(next);
            taken.addAll(next.names());
            at += extent;
        }
        return parts;
    }

    /** A tensor as it would stand in a weight; null if its shape does not fit. */
    private static @Nullable TensorInfo view(TensorInfo tensor, boolean isTransposed, TensorInfo weight, int axis) {
        if (isTransposed && tensor.shape().size() != 2) {
            return null;
        }
        TensorInfo view = isTransposed ? tensor.transposed() : tensor;
        List<Long> whole = weight.shape();
        if (view.shape().size() != whole.size() || view.shape().get(axis) > whole.get(axis)) {
            return null;
        }
        for (int d = 0; d < whole.size(); d++) {
            if (d != axis && !view.shape().get(d).equals(whole.get(d))) {
                return null;
            }
        }
        return view;
    }

    /** What a part of the weight, from {@code at} on along the axis, is of a tensor: a factor with which every element comes out; null if there is none. */
    private static @Nullable Float factor(TensorInfo weight, int axis, long at, TensorInfo view) throws IOException {
        if (at + view.shape().get(axis) > weight.shape().get(axis)) {
            return null;
        }
        PartOfWeight part = new PartOfWeight(weight, axis, at, view.shape());
        try (ElementReader ours = ElementReader.open(weight);
                ElementReader plain = ElementReader.open(view)) {
            @Nullable Float guess = part.ratio(ours, plain);
            if (guess == null) {
                return null;
            }
            for (float factor : new float[] {guess, Math.nextUp(guess), Math.nextDown(guess)}) {
                try (ElementReader scaled =
                        ElementReader.open(new Joined(view.shape(), 0, List.of(new Joined.Part(view, factor))))) {
                    if (part.isEqual(ours, scaled)) {
                        return factor;
                    }
                }
            }
            return null;
        }
    }
}
