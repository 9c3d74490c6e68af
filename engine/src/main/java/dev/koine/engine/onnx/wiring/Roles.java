package dev.koine.engine.onnx.wiring;

import dev.koine.engine.onnx.graph.Node;
import dev.koine.engine.onnx.graph.StoredTensor;
import dev.koine.engine.onnx.graph.TensorBytes;
import dev.koine.engine.onnx.wiring.Wiring.Result;
import dev.koine.engine.onnx.wiring.Wiring.Scope;
import dev.koine.engine.onnx.wiring.Wiring.Step;
import dev.koine.engine.onnx.wiring.Wiring.Use;
import dev.koine.engine.onnx.wiring.Wiring.Value;
import dev.koine.engine.tensor.WeightRole;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tells what the graph uses each weight for (ARCHITECTURE.md, "Telling tensors apart"). A matrix that a MatMul or Gemm multiplies with is {@link
 * WeightRole#LINEAR}, unless its result leaves the graph as logits, or its bytes, transposed or not, are those of an embedding or of
 * another vocabulary projection of the bundle.
 *
 * <p>A result leaves as logits if only a bias, activations over the vocabulary and changes of layout lie between it and a graph output
 * whose declared shape still shows the matrix's width. The last condition keeps attention keys and values apart, which decoders put out
 * for their next step, split into heads.
 *
 * <p>ONNX Runtime's optimizer puts a MatMul and the Transpose before it, or a Gemm and its activation, into one node of its own; those
 * count as what they were. Its Attention holds the matrices of query, key and value in one tensor, which is {@link WeightRole#OTHER}.
 */
public final class Roles {
    private static final Set<String> LAYOUT = Set.of("Identity", "Cast", "Transpose");
    private static final Set<String> TO_OUTPUT = Set.of(
            "Identity",
            "Cast",
            "Reshape",
            "Transpose",
            "Softmax",
            "LogSoftmax",
            "Log",
            "Squeeze",
            "Unsqueeze",
            "Flatten");
    private static final Set<String> FUSED_PRODUCTS = Set.of("FusedMatMul", "FusedGemm");
    private static final int MOST_HOPS = 1000;

    private final Map<Value, WeightRole> roles = new IdentityHashMap<>();

    private Roles() {}

    /** The roles of {@code weights}, all mergeable tensors of one bundle in the order in which they are used. */
    public static Map<Value, WeightRole> of(List<Value> weights, TensorBytes bytes) throws IOException {
        Roles roles = new Roles();
        for (Value weight : weights) {
            roles.roles.put(weight, byUse(weight));
        }
        roles.tie(weights, bytes);
        Domains.assign(weights, roles.roles);
        return roles.roles;
    }

    private static WeightRole byUse(Value weight) {
        List<Use> uses = consumers(weight);
        boolean isMatrix = shape(weight).size() == 2;
        if (shape(weight).size() >= 2
                && uses.stream()
                        .anyMatch(use -> use.input() == 0 && use.step().node().is("Gather"))) {
            return WeightRole.EMBEDDING;
        }
        if (!isMatrix || uses.stream().noneMatch(Roles::isProduct)) {
            return WeightRole.OTHER;
        }
        for (Use use : uses) {
            Value result = isProduct(use) ? use.step().outputs().get(0) : null;
            if (result != null && reachesOutput(result, shape(weight))) {
                return WeightRole.VOCABULARY_PROJECTION;
            }
        }
        return WeightRole.LINEAR;
    }

    private static boolean isProduct(Use use) {
        Node node = use.step().node();
        boolean isFused = node.domain().equals("com.microsoft") && FUSED_PRODUCTS.contains(node.opType());
        return use.input() < 2 && !use.step().outputs().isEmpty() && (node.is("MatMul") || node.is("Gemm") || isFused);
    }

    private static List<Use> consumers(Value weight) {
        List<Use> consumers = new ArrayList<>();
        List<Use> open = new ArrayList<>(weight.uses());
        for (int i = 0; i < open.size() && i < MOST_HOPS; i++) {
            Use use = open.get(i);
            Step step = use.step();
            Value output = isOneOf(LAYOUT, step) && !step.outputs().isEmpty()
                    ? step.outputs().get(0)
                    : null;
            if (output == null) {
                consumers.add(use);
            } else {
                open.addAll(output.uses());
            }
        }
        return consumers;
    }

    private static boolean reachesOutput(Value product, List<Long> matrix) {
        Set<Value> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        List<Value> open = new ArrayList<>(List.of(product));
        boolean onlyOutputs = true;
        List<String> outputs = new ArrayList<>();
        for (int i = 0; i < open.size() && i < MOST_HOPS; i++) {
            Value value = open.get(i);
            if (!seen.add(value)) {
                continue;
            }
            for (Result result : value.results()) {
                Value outer = outer(result);
                if (outer != null) {
                    open.add(outer);
                } else if (result.scope().owner() == null) {
                    outputs.add(result.scope()
                            .graph()
                            .outputs()
                            .get(result.output())
                            .type());
                }
            }
            for (Use use : value.uses()) {
                Value next = passes(use) ? use.step().outputs().get(0) : null;
                if (next != null) {
                    open.add(next);
                } else {
                    onlyOutputs = false;
                }
            }
        }
        for (String type : outputs) {
            if (type.contains("[") ? showsWidth(type, matrix) : onlyOutputs) {
                return true;
            }
        }
        return false;
    }

    private static boolean passes(Use use) {
        Step step = use.step();
        if (step.outputs().isEmpty()) {
            return false;
        }
        if (step.node().is("Add") && step.inputs().size() == 2) {
            Value other = step.inputs().get(1 - use.input());
            return other != null && other.tensor() != null;
        }
        return use.input() == 0 && isOneOf(TO_OUTPUT, step);
    }

    /** The value of the node that holds a subgraph, that the subgraph's output becomes. */
    private static @Nullable Value outer(Result result) {
        Scope scope = result.scope();
        Step owner = scope.owner();
        if (owner == null) {
            return null;
        }
        int index = owner.node().is("Loop") ? result.output() - 1 : result.output();
        return index >= 0 && index < owner.outputs().size() ? owner.outputs().get(index) : null;
    }

    private static boolean showsWidth(String type, List<Long> matrix) {
        String[] dimensions =
                type.substring(type.indexOf('[') + 1, type.length() - 1).split(",", -1);
        boolean isOpen = false;
        for (String dimension : dimensions) {
            if (matrix.stream().anyMatch(size -> dimension.equals(size.toString()))) {
                return true;
            }
            isOpen = dimension.equals("?");
        }
        return isOpen && dimensions.length <= 3;
    }

    private static boolean isOneOf(Set<String> operators, Step step) {
        return step.node().domain().isEmpty() && operators.contains(step.node().opType());
    }

    private static List<Long> shape(Value weight) {
        StoredTensor tensor = weight.tensor();
        return tensor == null ? List.of() : tensor.info().shape();
    }

    private void tie(List<Value> weights, TensorBytes bytes) throws IOException {
        Map<List<Long>, List<Value>> tables = new HashMap<>();
        for (Value weight : weights) {
            WeightRole role = roles.get(weight);
            if (shape(weight).size() == 2
                    && (role == WeightRole.EMBEDDING || role == WeightRole.VOCABULARY_PROJECTION)) {
                tables.computeIfAbsent(shape(weight), shape -> new ArrayList<>())
                        .add(weight);
            }
        }
        for (Value weight : weights) {
            if (roles.get(weight) == WeightRole.LINEAR && isTied(weight, tables, bytes)) {
                roles.put(weight, WeightRole.VOCABULARY_PROJECTION);
            }
        }
    }

    private static boolean isTied(Value weight, Map<List<Long>, List<Value>> tables, TensorBytes bytes)
            throws IOException {
        List<Long> shape = shape(weight);
        for (Value table : tables.getOrDefault(shape, List.of())) {
            if (weight.tensor() != null && table.tensor() != null && bytes.areEqual(weight.tensor(), table.tensor())) {
                return true;
            }
        }
        for (Value table : tables.getOrDefault(List.of(shape.get(1), shape.get(0)), List.of())) {
            if (weight.tensor() != null
                    && table.tensor() != null
                    && bytes.areTransposed(
                            weight.tensor().info(), table.tensor().info())) {
                return true;
            }
        }
        return false;
    }
}
