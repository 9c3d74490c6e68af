package dev.koine.engine.onnx.align;

import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.SameWeights.Group;
import dev.koine.engine.onnx.graph.StoredTensor;
import dev.koine.engine.onnx.graph.TensorBytes;
import dev.koine.engine.onnx.wiring.Wiring.Value;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One weight of a bundle with all places that hold it: exporters write tied weights twice, and an encoder-decoder model has its decoder in up to
 * three files. They stay one weight in a merge wherever they are equal in the expert, too.
 *
 * @param places those with the same bytes, in the order of the bundle's weights; at least one
 * @param transposed those with the transposed matrix
 */
public record WeightPlaces(List<Weight> places, List<Weight> transposed) {
    public WeightPlaces {
        places = List.copyOf(places);
        transposed = List.copyOf(transposed);
    }

    /**
     * All weights of a bundle, in the order of their first places.
     *
     * @throws IOException if a tensor cannot be read
     */
    public static List<WeightPlaces> of(ModelBundle bundle) throws IOException {
        try (TensorBytes bytes = new TensorBytes()) {
            SameWeights same = new SameWeights(bytes);
            for (Map.Entry<Value, Weight> weight : bundle.weightsByValue().entrySet()) {
                StoredTensor tensor = Objects.requireNonNull(weight.getKey().tensor());
                same.add(weight.getValue(), List.of(tensor));
            }
            Map<Group, Group> transposes = same.transposes();
            Map<Group, List<Weight>> transposed = new LinkedHashMap<>();
            for (Group group : same.groups()) {
                Group first = transposes.getOrDefault(group, group);
                List<Weight> others = transposed.computeIfAbsent(first, key -> new ArrayList<>());
                if (first != group) {
                    others.addAll(group.weights());
                }
            }
            return transposed.entrySet().stream()
                    .map(group -> new WeightPlaces(group.getKey().weights(), group.getValue()))
                    .toList();
        }
    }
}
