package dev.koine.engine.onnx.rewrite;

import dev.koine.engine.onnx.graph.Attribute;
import dev.koine.engine.onnx.graph.Graph;
import dev.koine.engine.onnx.graph.Node;
import dev.koine.engine.onnx.rewrite.SideBranches.Branched;
import dev.koine.engine.onnx.rewrite.SideBranches.Plan;
import dev.koine.engine.onnx.rewrite.Table.Part;
import dev.koine.engine.onnx.wiring.WeightUses;
import dev.koine.engine.onnx.wiring.WeightUses.Reading;
import dev.koine.engine.onnx.wiring.Wiring;
import dev.koine.engine.onnx.wiring.Wiring.Step;
import dev.koine.engine.onnx.wiring.Wiring.Value;
import dev.koine.engine.tensor.Weight;
import dev.koine.engine.tensor.WeightRole;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds the weights of one model file that get side branches, and has these made. */
final class BranchPlanner {
    /** Operators, by the inputs at which they read a vector that may get an addend; others take it for a setting, or are not known. */
    private static final Map<String, Set<Integer>> READERS = Map.of(
            "Add", Set.of(0, 1),
            "Mul", Set.of(0, 1),
            "LayerNormalization", Set.of(1, 2),
            "Gemm", Set.of(2),
            "Conv", Set.of(2));

    private final Map<Value, Weight> weights;
    private final BranchNodes nodes;
    private final Map<String, Graph> graphs = new HashMap<>();
    private final Map<Value, WeightUses> uses = new IdentityHashMap<>();
    private final Set<Value> vectors = Collections.newSetFromMap(new IdentityHashMap<>());

    BranchPlanner(Wiring wiring, Map<Value, Weight> weights, Plan plan) {
        this.weights = weights;
        this.nodes = new BranchNodes(wiring.model(), graphs, plan);
        collect(wiring.model().graph(), "");
    }

    Branched plan() {
        weights.forEach((value, weight) -> {
            if (SideBranches.isFor(weight)) {
                WeightUses found = WeightUses.of(value);
                uses.put(value, found);
                if (weight.tensor().shape().size() == 1) {
                    vectors.addAll(found.forms());
                }
            }
        });
        weights.forEach((value, weight) -> {
            WeightUses found = uses.get(value);
            if (found != null && isServed(weight, found)) {
                for (Reading reading : found.readings()) {
                    if (weight.role() == WeightRole.LINEAR) {
                        product(weight, reading);
                    } else {
                        nodes.addend(weight, reading);
                    }
                }
            }
        });
        return nodes.finish();
    }

    private boolean isServed(Weight weight, WeightUses found) {
        boolean isMatrix = weight.role() == WeightRole.LINEAR;
        return !found.isPutOut()
                && !found.readings().isEmpty()
                && found.readings().stream()
                        .allMatch(reading -> graphs.containsKey(reading.step().path())
                                && reading.type().isMergeable()
                                && (isMatrix ? isProduct(reading) : isAddend(reading)));
    }

    private static boolean isProduct(Reading reading) {
        Step step = reading.step();
        return reading.isProduct()
                && step.inputs().get(0) != null
                && !step.outputs().isEmpty();
    }

    private boolean isAddend(Reading reading) {
        Node node = reading.step().node();
        Set<Integer> inputs = READERS.get(node.opType());
        boolean isKnown = node.is(node.opType()) && inputs != null && inputs.contains(reading.input());
        return isKnown && nodes.takes(reading.step());
    }

    private void product(Weight weight, Reading reading) {
        boolean isTurned = reading.isOutputFirst();
        Table left = nodes.factor(weight, reading, isTurned ? Part.LEFT_OF_TRANSPOSE : Part.LEFT);
        Table right = nodes.factor(weight, reading, isTurned ? Part.RIGHT_OF_TRANSPOSE : Part.RIGHT);
        nodes.side(reading.step(), biasOf(reading.step()), left, right);
    }

    /** The step behind a product that adds a bias to it, if that is all that becomes of the product; else the product. */
    private Step biasOf(Step product) {
        return WeightUses.onlyReader(product)
                .filter(next -> next.node().is("Add") && next.path().equals(product.path()) && addsVector(next))
                .orElse(product);
    }

    private boolean addsVector(Step add) {
        for (@Nullable Value input : add.inputs()) {
            if (input != null && vectors.contains(input)) {
                return true;
            }
        }
        return false;
    }

    /** The paths of the graphs that stand in the file, and not in a function that a node calls. */
    private void collect(Graph graph, String path) {
        graphs.put(path, graph);
        for (int i = 0; i < graph.nodes().size(); i++) {
            for (Attribute attribute : graph.nodes().get(i).attributes()) {
                List<Graph> bodies = attribute.graphs();
                for (int k = 0; k < bodies.size(); k++) {
                    collect(bodies.get(k), path + "#" + i + "." + attribute.name() + (k == 0 ? "" : "." + k) + "/");
                }
            }
        }
    }
}
