package dev.koine.engine.onnx.align;

import dev.koine.engine.onnx.graph.StoredTensor;
import dev.koine.engine.onnx.graph.TensorBytes;
import dev.koine.engine.tensor.TensorInfo.Storage;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts weights together that are one weight at several places: all of their tensors, the base's and the expert's where there is one, have the same
 * bytes. Tells which are the transpose of others.
 */
final class SameWeights {
    private final TensorBytes bytes;
    private final Map<Bucket, List<Group>> buckets = new LinkedHashMap<>();
    private final List<Group> groups = new ArrayList<>();

    SameWeights(TensorBytes bytes) {
        this.bytes = bytes;
    }

    /**
     * One weight.
     *
     * @param tensors what it is, at its first place
     * @param weights its places
     */
    record Group(List<StoredTensor> tensors, List<Weight> weights) {}

    private record Bucket(int type, List<Long> shape, List<Integer> fingerprints) {}

    /** Takes a weight, with the base's tensor and maybe the expert's. */
    void add(Weight weight, List<StoredTensor> tensors) throws IOException {
        List<Integer> fingerprints = new ArrayList<>();
        for (StoredTensor tensor : tensors) {
            fingerprints.add(bytes.fingerprint(tensor.info()));
        }
        StoredTensor first = tensors.get(0);
        Bucket bucket = new Bucket(first.onnxType(), first.info().shape(), fingerprints);
        List<Group> candidates = buckets.computeIfAbsent(bucket, key -> new ArrayList<>());
        Group group = find(candidates, tensors);
        if (group == null) {
            group = new Group(tensors, new ArrayList<>());
            candidates.add(group);
            groups.add(group);
        }
        group.weights().add(weight);
    }

    private @Nullable Group find(List<Group> candidates, List<StoredTensor> tensors) throws IOException {
        for (Group group : candidates) {
            boolean isSame = true;
            for (int i = 0; isSame && i < tensors.size(); i++) {
                isSame = bytes.areEqual(group.tensors().get(i), tensors.get(i));
            }
            if (isSame) {
                return group;
            }
        }
        return null;
    }

    /** In the order of their first weights. */
    List<Group> groups() {
        return groups;
    }

    /** For a matrix whose transpose is an earlier one, that earlier one. */
    Map<Group, Group> transposes() throws IOException {
        Map<Bucket, List<Group>> earlier = new HashMap<>();
        Map<Group, Group> transposes = new IdentityHashMap<>();
        for (Group group : groups) {
            if (isMatrix(group)) {
                Group found = transposeOf(group, earlier.getOrDefault(corners(group, true), List.of()));
                if (found == null) {
                    earlier.computeIfAbsent(corners(group, false), key -> new ArrayList<>())
                            .add(group);
                } else {
                    transposes.put(group, found);
                }
            }
        }
        return transposes;
    }

    private @Nullable Group transposeOf(Group group, List<Group> candidates) throws IOException {
        for (Group candidate : candidates) {
            boolean isTransposed = true;
            for (int i = 0; isTransposed && i < group.tensors().size(); i++) {
                isTransposed = bytes.areTransposed(
                        group.tensors().get(i).info(),
                        candidate.tensors().get(i).info());
            }
            if (isTransposed) {
                return candidate;
            }
        }
        return null;
    }

    /** Of varints no element can be read without all before it. */
    private static boolean isMatrix(Group group) {
        List<Long> shape = group.tensors().get(0).info().shape();
        return shape.size() == 2
                && shape.get(0) > 1
                && shape.get(1) > 1
                && group.tensors().stream().allMatch(tensor -> tensor.info().storage() == Storage.BYTES);
    }

    /** A few elements, so that only matrices that may well be a transposed pair are compared in full. */
    private Bucket corners(Group group, boolean isTransposed) throws IOException {
        StoredTensor first = group.tensors().get(0);
        List<Long> shape = first.info().shape();
        List<Integer> corners = new ArrayList<>();
        for (StoredTensor tensor : group.tensors()) {
            corners.add(bytes.corner(tensor.info(), isTransposed));
        }
        return new Bucket(first.onnxType(), isTransposed ? List.of(shape.get(1), shape.get(0)) : shape, corners);
    }
}
