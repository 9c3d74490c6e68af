package dev.koine.cli.command.offline;

import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.checkpoint.WeightMap;
import dev.koine.engine.checkpoint.WeightMap.MappedPart;
import dev.koine.engine.checkpoint.WeightMap.MappedWeight;
import dev.koine.engine.tensor.Weight;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The map between a base and its checkpoint, for people: a line a weight, and what has no counterpart. */
final class MapTable {
    private MapTable() {}

    static void print(MappedBase base, PrintWriter out) {
        WeightMap map = base.map();
        Map<String, MappedWeight> byKey = map.byKey();
        List<Weight> weights = base.model().weights();
        out.printf("%n%-50s %s%n", "weight", "tensors of the checkpoint");
        for (Weight weight : weights) {
            @Nullable MappedWeight mapped = byKey.get(weight.key());
            out.printf("%-50s %s%n", weight.key(), mapped == null ? "none: a constant of the graph" : words(mapped));
        }
        long tensors = base.checkpoint().tensors().size();
        out.printf(
                "%n%d of %d weights come from %d of the checkpoint's %d tensors.%n",
                map.weights().size(), weights.size(), tensors - map.unmapped().size(), tensors);
        map.unmapped().forEach(name -> out.printf("Nowhere in the graph as it is: %s%n", name));
    }

    private static String words(MappedWeight weight) {
        String joined = weight.parts().stream().map(MapTable::words).collect(Collectors.joining(" | "));
        return weight.parts().size() == 1 ? joined : "along axis " + weight.axis() + ": " + joined;
    }

    private static String words(MappedPart part) {
        return part.tensors().stream()
                        .map(tensor -> tensor.name() + (tensor.isTransposed() ? ", transposed" : ""))
                        .collect(Collectors.joining(" = "))
                + (part.factor() == 1 ? "" : ", times " + part.factor());
    }
}
