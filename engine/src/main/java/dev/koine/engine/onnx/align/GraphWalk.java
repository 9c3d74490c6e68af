package dev.koine.engine.onnx.align;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.graph.Attribute;
import dev.koine.engine.onnx.graph.Metadata;
import dev.koine.engine.onnx.graph.OnnxModel;
import dev.koine.engine.onnx.graph.ValueInfo;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.onnx.wiring.Wiring;
import dev.koine.engine.onnx.wiring.Wiring.Scope;
import dev.koine.engine.onnx.wiring.Wiring.Step;
import dev.koine.engine.onnx.wiring.Wiring.Value;
import java.io.IOException;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Walks the graphs of one model file of base and expert side by side. The same operators must stand in the same order, and the values
 * between them must correspond one to one; wherever both read a tensor, the two tensors are a pair.
 */
final class GraphWalk {
    private final Wiring base;
    private final Wiring expert;
    private final TensorPairs pairs;
    private final Map<Value, Value> expertOf = new IdentityHashMap<>();
    private final Map<Value, Value> baseOf = new IdentityHashMap<>();

    private GraphWalk(Wiring base, Wiring expert, TensorPairs pairs) {
        this.base = base;
        this.expert = expert;
        this.pairs = pairs;
    }

    /**
     * Pairs the tensors of two models.
     *
     * @throws RejectedException GRAPH_MISMATCH at the first difference of the graphs, SIDE_FILE_MISMATCH if their metadata
     *     contradict each other, or what {@link TensorPairs#add} refuses
     */
    static void walk(Wiring base, Wiring expert, TensorPairs pairs) throws RejectedException, IOException {
        GraphWalk walk = new GraphWalk(base, expert, pairs);
        walk.headers();
        walk.scopes(base.root(), expert.root(), true);
        walk.metadata();
    }

    /** IR versions, operator sets that no node uses, functions that none calls and descriptions mean nothing. */
    private void headers() throws RejectedException {
        for (Map.Entry<String, SortedSet<Long>> used : base.opsets().entrySet()) {
            SortedSet<Long> theirs = expert.opsets().get(used.getKey());
            if (theirs != null && !theirs.equals(used.getValue())) {
                throw mismatch("the nodes use the operator set " + domain(used.getKey()) + " in version "
                        + versions(used.getValue()) + " in the base and " + versions(theirs) + " in the expert");
            }
        }
    }

    private void metadata() throws RejectedException {
        Map<String, String> ours = base.model().metadata();
        Map<String, String> theirs = expert.model().metadata();
        Optional<String> key = Metadata.contradiction(ours, theirs);
        if (key.isPresent()) {
            throw new RejectedException(
                    RejectionCode.SIDE_FILE_MISMATCH,
                    "In '" + Quote.of(base.model().path()) + "' the metadata entry '" + Quote.of(key.get()) + "' is '"
                            + Quote.of(ours.getOrDefault(key.get(), "")) + "' in the base and '"
                            + Quote.of(theirs.getOrDefault(key.get(), ""))
                            + "' in the expert. The merged model keeps the base's. Export the expert with the settings and the"
                            + " vocabulary of the base.");
        }
    }

    private static String domain(String domain) {
        return domain.isEmpty() ? "ai.onnx" : "'" + Quote.of(domain) + "'";
    }

    private static String versions(SortedSet<Long> versions) {
        return versions.stream().limit(4).map(String::valueOf).collect(Collectors.joining(" and "));
    }

    private void scopes(Scope ours, Scope theirs, boolean isOutermost) throws RejectedException, IOException {
        String place = ours.path().isEmpty() ? "the graph" : "the subgraph " + ours.path();
        interfaces(place + " has the inputs", ours.inputTypes(), theirs.inputTypes(), isOutermost);
        for (int i = 0; i < ours.inputs().size(); i++) {
            bind(ours.inputs().get(i), theirs.inputs().get(i));
        }
        operators(ours.steps(), theirs.steps());
        for (int i = 0; i < ours.steps().size(); i++) {
            steps(ours.steps().get(i), theirs.steps().get(i));
        }
        interfaces(
                place + " has the outputs",
                ours.graph().outputs(),
                theirs.graph().outputs(),
                isOutermost);
        for (int i = 0; i < ours.outputs().size(); i++) {
            String position = base.model().path() + ":" + ours.path() + "output:" + i;
            if (!values(ours.outputs().get(i), theirs.outputs().get(i), position)) {
                throw mismatch(place + " puts out different values at output " + i + " ('"
                        + Quote.of(ours.graph().outputs().get(i).name()) + "')");
            }
        }
    }

    /** Comes before the tensors, so that another architecture is called one, not a tensor of another shape. */
    private void operators(List<Step> ours, List<Step> theirs) throws RejectedException {
        for (int i = 0; i < Math.max(ours.size(), theirs.size()); i++) {
            Step left = i < ours.size() ? ours.get(i) : null;
            Step right = i < theirs.size() ? theirs.get(i) : null;
            if (left == null || right == null) {
                throw mismatch(left, right, "one graph ends where the other goes on");
            }
            if (!left.node().opType().equals(right.node().opType())
                    || !left.node().domain().equals(right.node().domain())) {
                throw mismatch(left, right, "the operators differ" + Converted.hint(left.node(), right.node()));
            }
            if (left.opset() != right.opset()) {
                throw mismatch(
                        left,
                        right,
                        "their operator set is in version " + left.opset() + " in the base and " + right.opset()
                                + " in the expert");
            }
        }
    }

    private void interfaces(String what, List<ValueInfo> ours, List<ValueInfo> theirs, boolean hasNames)
            throws RejectedException {
        boolean isSame = ours.size() == theirs.size();
        for (int i = 0; isSame && i < ours.size(); i++) {
            isSame = ours.get(i).type().equals(theirs.get(i).type())
                    && (!hasNames || ours.get(i).name().equals(theirs.get(i).name()));
        }
        if (!isSame) {
            String difference = what + " " + list(ours) + " in the base and " + list(theirs) + " in the expert";
            String converted = Converted.advice(ours, theirs);
            throw converted.isEmpty() ? mismatch(difference) : refused(difference + ": " + converted);
        }
    }

    private static String list(List<ValueInfo> values) {
        StringBuilder text = new StringBuilder("[");
        for (ValueInfo value : values.subList(0, Math.min(8, values.size()))) {
            text.append(text.length() > 1 ? ", " : "").append(Quote.of(value.name() + ":" + value.type()));
        }
        return text + (values.size() > 8 ? ", ... " + values.size() + " in all]" : "]");
    }

    private void steps(Step ours, Step theirs) throws RejectedException, IOException {
        attributes(ours, theirs);
        if (ours.inputs().size() != theirs.inputs().size()
                || ours.outputs().size() != theirs.outputs().size()) {
            throw mismatch(ours, theirs, "the numbers of inputs or outputs differ");
        }
        for (int i = 0; i < ours.inputs().size(); i++) {
            String position = base.model().path() + ":" + ours.label() + ":" + i;
            if (!values(ours.inputs().get(i), theirs.inputs().get(i), position)) {
                throw mismatch(ours, theirs, "input " + i + " comes from another place of the graph");
            }
        }
        for (int i = 0; i < ours.bodies().size(); i++) {
            scopes(ours.bodies().get(i), theirs.bodies().get(i), false);
        }
        for (int i = 0; i < ours.outputs().size(); i++) {
            Value output = ours.outputs().get(i);
            Value other = theirs.outputs().get(i);
            if (output != null && other != null) {
                bind(output, other);
            } else if (output != other) {
                throw mismatch(ours, theirs, "output " + i + " is left out in one of them");
            }
        }
    }

    private void attributes(Step ours, Step theirs) throws RejectedException, IOException {
        List<Attribute> left = ours.node().attributes();
        List<Attribute> right = theirs.node().attributes();
        boolean isSame = left.size() == right.size();
        for (int i = 0; isSame && i < left.size(); i++) {
            isSame = left.get(i).name().equals(right.get(i).name());
        }
        if (!isSame) {
            throw mismatch(ours, theirs, "the one has other attributes than the other");
        }
        for (int i = 0; i < left.size(); i++) {
            if (!areSame(left.get(i), right.get(i))) {
                throw mismatch(
                        ours, theirs, "the attribute '" + Quote.of(left.get(i).name()) + "' differs");
            }
        }
    }

    private boolean areSame(Attribute ours, Attribute theirs) throws IOException {
        if (ours.type() != theirs.type()
                || !ours.value().equals(theirs.value())
                || ours.graphs().size() != theirs.graphs().size()
                || ours.tensors().size() != theirs.tensors().size()) {
            return false;
        }
        for (int i = 0; i < ours.tensors().size(); i++) {
            if (!pairs.bytes().areEqual(ours.tensors().get(i), theirs.tensors().get(i))) {
                return false;
            }
        }
        return true;
    }

    private boolean values(@Nullable Value ours, @Nullable Value theirs, String position)
            throws RejectedException, IOException {
        if (ours == null || theirs == null) {
            return ours == theirs;
        }
        if (ours.tensor() != null && theirs.tensor() != null) {
            pairs.add(ours, ours.tensor(), theirs, theirs.tensor(), position);
            return true;
        }
        return expertOf.get(ours) == theirs && baseOf.get(theirs) == ours;
    }

    private void bind(Value ours, Value theirs) {
        expertOf.put(ours, theirs);
        baseOf.put(theirs, ours);
    }

    private RejectedException mismatch(@Nullable Step ours, @Nullable Step theirs, String what) {
        return mismatch("the base has " + (ours == null ? "no further node" : ours.describe()) + ", the expert "
                + (theirs == null ? "no further node" : theirs.describe()) + ": " + what);
    }

    private RejectedException mismatch(String what) {
        return refused(what + ". Export the expert as the base was exported: same"
                + " exporter and version, same settings, same opset (base: " + origin(base.model())
                + "; expert: " + origin(expert.model()) + ").");
    }

    private RejectedException refused(String what) {
        return new RejectedException(
                RejectionCode.GRAPH_MISMATCH, "In '" + Quote.of(base.model().path()) + "' " + what);
    }

    private static String origin(OnnxModel model) {
        Long opset = model.opsets().get("");
        return (model.producer().isEmpty() ? "unnamed exporter" : Quote.of(model.producer())) + ", opset "
                + (opset == null ? "unknown" : opset);
    }
}
