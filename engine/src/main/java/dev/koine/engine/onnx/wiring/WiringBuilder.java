package dev.koine.engine.onnx.wiring;

import dev.koine.engine.RejectedException;
import dev.koine.engine.onnx.graph.Attribute;
import dev.koine.engine.onnx.graph.Function;
import dev.koine.engine.onnx.graph.Graph;
import dev.koine.engine.onnx.graph.Node;
import dev.koine.engine.onnx.graph.OnnxModel;
import dev.koine.engine.onnx.graph.StoredTensor;
import dev.koine.engine.onnx.graph.ValueInfo;
import dev.koine.engine.onnx.wire.HeapBudget;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.onnx.wire.WireMessage;
import dev.koine.engine.onnx.wiring.Wiring.Result;
import dev.koine.engine.onnx.wiring.Wiring.Scope;
import dev.koine.engine.onnx.wiring.Wiring.Step;
import dev.koine.engine.onnx.wiring.Wiring.Use;
import dev.koine.engine.onnx.wiring.Wiring.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Resolves the names of one model, and puts the nodes of functions where they are called. */
final class WiringBuilder {
    private static final int DEEPEST_CALL = 16;
    private static final int CALL_COST = 400;
    private static final int ENTRY_COST = 120;

    private final OnnxModel model;
    private final HeapBudget budget;
    private final SortedMap<String, SortedSet<Long>> opsets = new TreeMap<>();

    WiringBuilder(OnnxModel model, HeapBudget budget) {
        this.model = model;
        this.budget = budget;
    }

    Scope root() throws RejectedException {
        return scope(model.graph(), null, "", new Body(model.opsets(), null, Set.of(), 0));
    }

    SortedMap<String, SortedSet<Long>> opsets() {
        return opsets;
    }

    /**
     * What the nodes of a function's body, or of the model itself, have around them.
     *
     * @param attributes those of the call; null outside of functions
     * @param leftOut names of the inputs that the call leaves out
     * @param depth the number of calls around it
     */
    private record Body(
            SortedMap<String, Long> opsets,
            @Nullable Map<String, Attribute> attributes,
            Set<String> leftOut,
            int depth) {}

    private Scope scope(Graph graph, @Nullable Scope parent, String path, Body body) throws RejectedException {
        Scope scope = new Scope(graph, parent, path, new ArrayList<>());
        for (StoredTensor tensor : graph.initializers()) {
            define(scope, new Value(tensor.info().name(), path, tensor));
        }
        for (ValueInfo input : graph.inputs()) {
            if (!scope.values().containsKey(input.name())) {
                Value value = new Value(input.name(), path, null);
                define(scope, value);
                scope.inputs().add(value);
                scope.inputTypes().add(input);
            }
        }
        nodes(scope, body);
        for (ValueInfo output : graph.outputs()) {
            Value value = resolve(scope, output.name(), "an output of the graph");
            value.results().add(new Result(scope, scope.outputs().size()));
            scope.outputs().add(value);
        }
        return scope;
    }

    private void nodes(Scope scope, Body body) throws RejectedException {
        for (int index : NodeOrder.of(scope.graph())) {
            node(scope, index, withValues(scope.graph().nodes().get(index), body), body);
        }
    }

    private void node(Scope scope, int index, Node node, Body body) throws RejectedException {
        StoredTensor constant = constant(node);
        if (constant != null) {
            String name = node.outputs().get(0);
            define(scope, new Value(name, scope.path(), constant.named(name)));
            return;
        }
        Step step = new Step(index, node, scope.path(), body.opsets().getOrDefault(node.domain(), 0L));
        for (String input : node.inputs()) {
            boolean isLeftOut = input.isEmpty() || (body.leftOut().contains(input) && scope.find(input) == null);
            step.inputs().add(isLeftOut ? null : resolve(scope, input, step.describe()));
        }
        Function function = model.functions().get(node.operator());
        if (function != null) {
            call(scope, step, function, body.depth() + 1);
            return;
        }
        if (node.is("Identity") && step.inputs().size() == 1 && node.outputs().size() == 1) {
            Value value = step.inputs().get(0);
            if (value != null && value.tensor() != null) {
                alias(scope, node.outputs().get(0), value);
                return;
            }
        }
        opsets.computeIfAbsent(node.domain(), domain -> new TreeSet<>()).add(step.opset());
        for (int i = 0; i < step.inputs().size(); i++) {
            Value value = step.inputs().get(i);
            if (value != null) {
                value.uses().add(new Use(step, i));
            }
        }
        for (Attribute attribute : node.attributes()) {
            for (int i = 0; i < attribute.graphs().size(); i++) {
                String path = scope.path() + "#" + index + "." + attribute.name() + (i == 0 ? "" : "." + i) + "/";
                Scope inner = scope(attribute.graphs().get(i), scope, path, body);
                inner.ownedBy(step);
                step.bodies().add(inner);
            }
        }
        for (String output : node.outputs()) {
            Value value = output.isEmpty() ? null : new Value(output, scope.path(), null);
            if (value != null) {
                define(scope, value);
            }
            step.outputs().add(value);
        }
        scope.steps().add(step);
    }

    /** Puts the nodes of a function's body in the place of a call; values go in and out under the names of both sides. */
    private void call(Scope caller, Step call, Function function, int depth) throws RejectedException {
        Node node = call.node();
        Graph graph = function.body();
        if (depth > DEEPEST_CALL) {
            throw broken("its functions call one another more than " + DEEPEST_CALL + " deep");
        }
        spend(graph);
        if (node.inputs().size() > graph.inputs().size()
                || node.outputs().size() > graph.outputs().size()) {
            throw broken(call.describe() + " has more inputs or outputs than the function it calls");
        }
        String path = caller.path() + "#" + call.index() + "." + node.opType() + "/";
        Scope inner = new Scope(graph, null, path, caller.steps());
        Set<String> leftOut = new HashSet<>();
        for (int i = 0; i < graph.inputs().size(); i++) {
            String name = graph.inputs().get(i).name();
            Value value = i < call.inputs().size() ? call.inputs().get(i) : null;
            if (value == null) {
                leftOut.add(name);
            } else {
                alias(inner, name, value);
            }
        }
        Map<String, Attribute> attributes = new HashMap<>(function.defaults());
        node.attributes().forEach(attribute -> attributes.put(attribute.name(), attribute));
        nodes(inner, new Body(function.opsets(), attributes, leftOut, depth));
        for (int i = 0; i < node.outputs().size(); i++) {
            String name = node.outputs().get(i);
            if (!name.isEmpty()) {
                alias(
                        caller,
                        name,
                        resolve(inner, graph.outputs().get(i).name(), "the function of " + call.describe()));
            }
        }
    }

    private void spend(Graph body) throws RejectedException {
        if (!budget.take(CALL_COST + cost(body))) {
            throw broken(
                    "its functions, put where they are called, take more than " + (HeapBudget.BYTES >> 20) + " MiB");
        }
    }

    private static long cost(Graph graph) {
        long cost =
                ENTRY_COST * (1L + graph.initializers().size() + graph.inputs().size());
        for (Node node : graph.nodes()) {
            cost += ENTRY_COST * (3L + node.inputs().size() + node.outputs().size());
            for (Attribute attribute : node.attributes()) {
                for (Graph inner : attribute.graphs()) {
                    cost += cost(inner);
                }
            }
        }
        return cost;
    }

    /** The node with the values of the call in place of its references to them. */
    private Node withValues(Node node, Body body) throws RejectedException {
        if (node.attributes().stream()
                .allMatch(attribute -> attribute.reference().isEmpty())) {
            return node;
        }
        List<Attribute> attributes = new ArrayList<>();
        for (Attribute attribute : node.attributes()) {
            if (attribute.reference().isEmpty()) {
                attributes.add(attribute);
                continue;
            }
            if (body.attributes() == null) {
                throw broken("a node outside of functions takes an attribute from one");
            }
            Attribute value = body.attributes().get(attribute.reference());
            if (value != null && !value.graphs().isEmpty()) {
                throw broken("a function takes a graph as an attribute; inline the model's functions"
                        + " (onnx.inliner.inline_local_functions)");
            }
            if (value != null) {
                attributes.add(
                        new Attribute(attribute.name(), value.type(), value.value(), value.tensors(), List.of(), ""));
            }
        }
        return node.with(attributes);
    }

    private static @Nullable StoredTensor constant(Node node) {
        boolean holdsTensor = node.is("Constant")
                && node.outputs().size() == 1
                && node.attributes().size() == 1
                && node.attributes().get(0).name().equals("value")
                && node.attributes().get(0).tensors().size() == 1;
        return holdsTensor ? node.attributes().get(0).tensors().get(0) : null;
    }

    private void define(Scope scope, Value value) throws RejectedException {
        alias(scope, value.name(), value);
    }

    private void alias(Scope scope, String name, Value value) throws RejectedException {
        if (name.isEmpty() || scope.values().put(name, value) != null) {
            throw broken("the value '" + Quote.of(name) + "' is defined twice, or has no name");
        }
    }

    private Value resolve(Scope scope, String name, String reader) throws RejectedException {
        Value value = scope.find(name);
        if (value == null) {
            throw broken(reader + " reads the value '" + Quote.of(name)
                    + "', which nothing produces, or only what needs the node itself");
        }
        return value;
    }

    private RejectedException broken(String what) {
        return WireMessage.notOnnx(model.path(), what);
    }
}
