package dev.koine.engine.onnx;

import dev.koine.engine.RejectedException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The graph of one model with its names resolved: which step reads which value. Two kinds of nodes are looked through, since exporters
 * put them in or leave them out as they like: an Identity over a tensor is that tensor, and a Constant that holds one is an initializer.
 */
final class Wiring {
    private final OnnxModel model;
    private final Scope root;

    private Wiring(OnnxModel model, Scope root) {
        this.model = model;
        this.root = root;
    }

    /**
     * Resolves the names of a model.
     *
     * @throws RejectedException NOT_ONNX if a node reads what nothing produces, or what needs the node itself, or a name is produced twice
     */
    static Wiring of(OnnxModel model) throws RejectedException {
        return new Wiring(model, new Builder(model.path()).scope(model.graph(), null, ""));
    }

    OnnxModel model() {
        return model;
    }

    Scope root() {
        return root;
    }

    /** A value of the graph. Identity matters: two values are the same only if they are one object. */
    static final class Value {
        private final String name;
        private final String path;
        private final @Nullable StoredTensor tensor;
        private final List<Use> uses = new ArrayList<>();
        private final List<Result> results = new ArrayList<>();

        private Value(String name, String path, @Nullable StoredTensor tensor) {
            this.name = name;
            this.path = path;
            this.tensor = tensor;
        }

        String name() {
            return name;
        }

        /** The path of the subgraph that defines it, ending in a slash; empty for the outermost graph. */
        String path() {
            return path;
        }

        /** The tensor, if it is one: an initializer or a Constant. */
        @Nullable
        StoredTensor tensor() {
            return tensor;
        }

        List<Use> uses() {
            return uses;
        }

        /** Where it leaves a graph or subgraph. */
        List<Result> results() {
            return results;
        }
    }

    /** The place where a step reads a value. */
    record Use(Step step, int input) {}

    /** The place where a value leaves a graph; {@code owner} is the node of a subgraph. */
    record Result(Scope scope, int output) {}

    /** A node with its values resolved; null where an input or output is left out. */
    static final class Step {
        private final int index;
        private final Node node;
        private final String path;
        private final List<@Nullable Value> inputs = new ArrayList<>();
        private final List<@Nullable Value> outputs = new ArrayList<>();
        private final List<Scope> bodies = new ArrayList<>();

        private Step(int index, Node node, String path) {
            this.index = index;
            this.node = node;
            this.path = path;
        }

        Node node() {
            return node;
        }

        List<@Nullable Value> inputs() {
            return inputs;
        }

        List<@Nullable Value> outputs() {
            return outputs;
        }

        /** Its subgraphs, in the order of its attributes. */
        List<Scope> bodies() {
            return bodies;
        }

        /** The node's name, or operator and index where it has none, with the path of its subgraph. */
        String label() {
            return path + (node.name().isEmpty() ? node.opType() + "#" + index : node.name());
        }

        /** Index, name and operator, for a message. */
        String describe() {
            return "node " + path + "#" + index + " '" + Quote.of(node.name()) + "' ("
                    + (node.domain().isEmpty() ? "" : Quote.of(node.domain()) + ".") + Quote.of(node.opType()) + ")";
        }
    }

    /** A graph or subgraph. */
    static final class Scope {
        private final Graph graph;
        private final @Nullable Scope parent;
        private final String path;
        private final Map<String, Value> values = new HashMap<>();
        private final List<ValueInfo> inputTypes = new ArrayList<>();
        private final List<Value> inputs = new ArrayList<>();
        private final List<Step> steps = new ArrayList<>();
        private final List<Value> outputs = new ArrayList<>();
        private @Nullable Step owner;

        private Scope(Graph graph, @Nullable Scope parent, String path) {
            this.graph = graph;
            this.parent = parent;
            this.path = path;
        }

        Graph graph() {
            return graph;
        }

        String path() {
            return path;
        }

        /** The node that holds this subgraph; null for the outermost graph. */
        @Nullable
        Step owner() {
            return owner;
        }

        /** The inputs that are no initializers with a default. */
        List<Value> inputs() {
            return inputs;
        }

        List<ValueInfo> inputTypes() {
            return inputTypes;
        }

        List<Step> steps() {
            return steps;
        }

        List<Value> outputs() {
            return outputs;
        }

        private @Nullable Value find(String name) {
            for (Scope scope = this; scope != null; scope = scope.parent) {
                Value value = scope.values.get(name);
                if (value != null) {
                    return value;
                }
            }
            return null;
        }
    }

    private static final class Builder {
        private final String file;

        private Builder(String file) {
            this.file = file;
        }

        private Scope scope(Graph graph, @Nullable Scope parent, String path) throws RejectedException {
            Scope scope = new Scope(graph, parent, path);
            for (StoredTensor tensor : graph.initializers()) {
                define(scope, new Value(tensor.info().name(), path, tensor));
            }
            for (ValueInfo input : graph.inputs()) {
                if (!scope.values.containsKey(input.name())) {
                    Value value = new Value(input.name(), path, null);
                    define(scope, value);
                    scope.inputs.add(value);
                    scope.inputTypes.add(input);
                }
            }
            for (int index : NodeOrder.of(graph)) {
                node(scope, index, graph.nodes().get(index));
            }
            for (ValueInfo output : graph.outputs()) {
                Value value = resolve(scope, output.name(), "an output of the graph");
                value.results.add(new Result(scope, scope.outputs.size()));
                scope.outputs.add(value);
            }
            return scope;
        }

        private void node(Scope scope, int index, Node node) throws RejectedException {
            StoredTensor constant = constant(node);
            if (constant != null) {
                String name = node.outputs().get(0);
                define(scope, new Value(name, scope.path, constant.named(name)));
                return;
            }
            Step step = new Step(index, node, scope.path);
            for (String input : node.inputs()) {
                step.inputs.add(input.isEmpty() ? null : resolve(scope, input, step.describe()));
            }
            if (node.is("Identity") && step.inputs.size() == 1 && node.outputs().size() == 1) {
                Value value = step.inputs.get(0);
                if (value != null && value.tensor != null) {
                    alias(scope, node.outputs().get(0), value);
                    return;
                }
            }
            for (int i = 0; i < step.inputs.size(); i++) {
                Value value = step.inputs.get(i);
                if (value != null) {
                    value.uses.add(new Use(step, i));
                }
            }
            for (Attribute attribute : node.attributes()) {
                for (int i = 0; i < attribute.graphs().size(); i++) {
                    String path = scope.path + "#" + index + "." + attribute.name() + (i == 0 ? "" : "." + i) + "/";
                    Scope body = scope(attribute.graphs().get(i), scope, path);
                    body.owner = step;
                    step.bodies.add(body);
                }
            }
            for (String output : node.outputs()) {
                Value value = output.isEmpty() ? null : new Value(output, scope.path, null);
                if (value != null) {
                    define(scope, value);
                }
                step.outputs.add(value);
            }
            scope.steps.add(step);
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
            alias(scope, value.name, value);
        }

        private void alias(Scope scope, String name, Value value) throws RejectedException {
            if (name.isEmpty() || scope.values.put(name, value) != null) {
                throw WireMessage.notOnnx(file, "the value '" + Quote.of(name) + "' is defined twice, or has no name");
            }
        }

        private Value resolve(Scope scope, String name, String reader) throws RejectedException {
            Value value = scope.find(name);
            if (value == null) {
                throw WireMessage.notOnnx(
                        file,
                        reader + " reads the value '" + Quote.of(name)
                                + "', which nothing produces, or only what needs the node itself");
            }
            return value;
        }
    }
}
