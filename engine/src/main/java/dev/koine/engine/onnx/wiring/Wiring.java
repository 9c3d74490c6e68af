package dev.koine.engine.onnx.wiring;

import dev.koine.engine.RejectedException;
import dev.koine.engine.onnx.graph.Graph;
import dev.koine.engine.onnx.graph.Node;
import dev.koine.engine.onnx.graph.OnnxModel;
import dev.koine.engine.onnx.graph.StoredTensor;
import dev.koine.engine.onnx.graph.ValueInfo;
import dev.koine.engine.onnx.wire.HeapBudget;
import dev.koine.engine.onnx.wire.Quote;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/**
 * The graph of one model with its names resolved: which step reads which value. Two kinds of nodes are looked through, since exporters
 * put them in or leave them out as they like: an Identity over a tensor is that tensor, and a Constant that holds one is an initializer. A
 * function that the model defines is looked through too: in place of each call stand the nodes of its body.
 */
public final class Wiring {
    private final OnnxModel model;
    private final Scope root;

    private final SortedMap<String, SortedSet<Long>> opsets;

    private Wiring(OnnxModel model, Scope root, SortedMap<String, SortedSet<Long>> opsets) {
        this.model = model;
        this.root = root;
        this.opsets = opsets;
    }

    /**
     * Resolves the names of a model.
     *
     * @param budget what the nodes of called functions are charged to
     * @throws RejectedException NOT_ONNX if a node reads what nothing produces, or what needs the node itself, or a name is produced
     *     twice, or functions call one another too deep or too often
     */
    public static Wiring of(OnnxModel model, HeapBudget budget) throws RejectedException {
        WiringBuilder builder = new WiringBuilder(model, budget);
        return new Wiring(model, builder.root(), builder.opsets());
    }

    public OnnxModel model() {
        return model;
    }

    public Scope root() {
        return root;
    }

    /** The versions in which the nodes use each operator set, by its domain. */
    public SortedMap<String, SortedSet<Long>> opsets() {
        return opsets;
    }

    /** A value of the graph. Identity matters: two values are the same only if they are one object. */
    public static final class Value {
        private final String name;
        private final String path;
        private final @Nullable StoredTensor tensor;
        private final List<Use> uses = new ArrayList<>();
        private final List<Result> results = new ArrayList<>();

        Value(String name, String path, @Nullable StoredTensor tensor) {
            this.name = name;
            this.path = path;
            this.tensor = tensor;
        }

        public String name() {
            return name;
        }

        /** The path of the subgraph that defines it, ending in a slash; empty for the outermost graph. */
        public String path() {
            return path;
        }

        /** The tensor, if it is one: an initializer or a Constant. */
        @Nullable
        public StoredTensor tensor() {
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
    public static final class Step {
        private final int index;
        private final Node node;
        private final String path;
        private final long opset;
        private final List<@Nullable Value> inputs = new ArrayList<>();
        private final List<@Nullable Value> outputs = new ArrayList<>();
        private final List<Scope> bodies = new ArrayList<>();

        /** @param opset the version of the operator set of its domain; 0 if the file does not say */
        Step(int index, Node node, String path, long opset) {
            this.index = index;
            this.node = node;
            this.path = path;
            this.opset = opset;
        }

        /** Its index in its graph. */
        public int index() {
            return index;
        }

        /** The path of its subgraph, or of the call whose function it is of, ending in a slash; empty in the outermost graph. */
        public String path() {
            return path;
        }

        public long opset() {
            return opset;
        }

        public Node node() {
            return node;
        }

        public List<@Nullable Value> inputs() {
            return inputs;
        }

        public List<@Nullable Value> outputs() {
            return outputs;
        }

        /** Its subgraphs, in the order of its attributes. */
        public List<Scope> bodies() {
            return bodies;
        }

        /** The node's name, or operator and index where it has none, with the path of its subgraph. */
        public String label() {
            return path + (node.name().isEmpty() ? node.opType() + "#" + index : node.name());
        }

        /** Index, name and operator, for a message. */
        public String describe() {
            return "node " + path + "#" + index + " '" + Quote.of(node.name()) + "' ("
                    + (node.domain().isEmpty() ? "" : Quote.of(node.domain()) + ".") + Quote.of(node.opType()) + ")";
        }
    }

    /** A graph or subgraph; or, while names are resolved, the body of a function at one of its calls. */
    public static final class Scope {
        private final Graph graph;
        private final @Nullable Scope parent;
        private final String path;
        private final Map<String, Value> values = new HashMap<>();
        private final List<ValueInfo> inputTypes = new ArrayList<>();
        private final List<Value> inputs = new ArrayList<>();
        private final List<Step> steps;
        private final List<Value> outputs = new ArrayList<>();
        private @Nullable Step owner;

        /** @param steps where its nodes go: a list of its own, or for a function's body that of the call */
        Scope(Graph graph, @Nullable Scope parent, String path, List<Step> steps) {
            this.graph = graph;
            this.parent = parent;
            this.path = path;
            this.steps = steps;
        }

        public Graph graph() {
            return graph;
        }

        public String path() {
            return path;
        }

        /** The node that holds this subgraph; null for the outermost graph. */
        @Nullable
        Step owner() {
            return owner;
        }

        void ownedBy(Step step) {
            owner = step;
        }

        /** The inputs that are no initializers with a default. */
        public List<Value> inputs() {
            return inputs;
        }

        public List<ValueInfo> inputTypes() {
            return inputTypes;
        }

        public List<Step> steps() {
            return steps;
        }

        public List<Value> outputs() {
            return outputs;
        }

        /** The values that it defines itself, by name. */
        Map<String, Value> values() {
            return values;
        }

        /** The value that a name means here; null if it means none. */
        @Nullable
        Value find(String name) {
            for (Scope scope = this; scope != null; scope = scope.parent) {
                Value value = scope.values.get(name);
                if (value != null) {
                    return value;
                }
            }
            return null;
        }
    }
}
