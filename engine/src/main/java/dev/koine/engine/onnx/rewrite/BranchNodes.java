package dev.koine.engine.onnx.rewrite;

import dev.koine.engine.onnx.graph.Graph;
import dev.koine.engine.onnx.graph.Node;
import dev.koine.engine.onnx.graph.OnnxModel;
import dev.koine.engine.onnx.graph.StoredTensor;
import dev.koine.engine.onnx.rewrite.SideBranches.Branched;
import dev.koine.engine.onnx.rewrite.SideBranches.Plan;
import dev.koine.engine.onnx.rewrite.Table.Part;
import dev.koine.engine.onnx.wiring.WeightUses.Reading;
import dev.koine.engine.onnx.wiring.Wiring.Step;
import dev.koine.engine.onnx.wiring.Wiring.Value;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.Weight;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Makes the nodes and tables of one model file's side branches. */
final class BranchNodes {
    private static final int PAGE = 1 << 12;
    private static final String PREFIX = "koine.branch.";

    private final OnnxModel model;
    private final Map<String, Graph> graphs;
    private final Plan plan;
    private final String data;
    private final ModelEdit edit = new ModelEdit();
    private final Map<String, Table> tables = new LinkedHashMap<>();
    private final Map<String, String> rows = new HashMap<>();
    private final Map<Step, List<Addend>> addends = new LinkedHashMap<>();
    private final Map<Step, Long> widths = new HashMap<>();
    private long bytes;
    private int values;

    /** What is added to a step's first output: nodes, the last of which puts it out. */
    private record Addend(List<NewNode> nodes, String value) {}

    /** @param graphs those in the file, by their paths */
    BranchNodes(OnnxModel model, Map<String, Graph> graphs, Plan plan) {
        this.model = model;
        this.graphs = graphs;
        this.plan = plan;
        int name = model.path().lastIndexOf('/') + 1;
        this.data = model.path().substring(name) + SideBranches.DATA;
    }

    /** Whether a vector that a step reads can get an addend, for each entry of a batch or for a call. */
    boolean takes(Step step) {
        if (step.node().is("Conv") && kernelAxes(step) < 1) {
            return false;
        }
        boolean isPlain = step.outputs().size() == 1
                && step.node().attributes().stream()
                        .filter(attribute -> attribute.name().equals("beta"))
                        .allMatch(beta -> beta.isFloat(1));
        return plan.form() == Form.CALL || isPlain;
    }

    /** The table of one factor of what is added to a weight; each weight has one for each way in which it is read. */
    Table factor(Weight weight, Reading reading, Part part) {
        long rowsOf = weight.tensor().shape().get(0);
        long columns = weight.tensor().shape().get(1);
        boolean isTurned = part == Part.LEFT_OF_TRANSPOSE || part == Part.RIGHT_OF_TRANSPOSE;
        long in = isTurned ? columns : rowsOf;
        long out = isTurned ? rowsOf : columns;
        long rank = Math.min(plan.rank(), Math.min(in, out));
        boolean isLeft = part == Part.LEFT || part == Part.LEFT_OF_TRANSPOSE;
        return table(
                weight, part, reading.type(), List.of((long) plan.rows(), isLeft ? in : rank, isLeft ? rank : out));
    }

    private Table table(Weight weight, Part part, ElementType type, List<Long> shape) {
        long length = shape.stream().reduce((long) type.bytes(), Math::multiplyExact);
        NewTensor.Place place = new NewTensor.Place(data, bytes, length);
        Table table = new Table(weight.key(), part, type, shape, place);
        Table known = tables.putIfAbsent(table.name(), table);
        if (known != null) {
            return known;
        }
        edit.add(NewTensor.outside(table.name(), type, shape, place));
        bytes = (bytes + length + PAGE - 1) / PAGE * PAGE;
        return table;
    }

    /** A side branch of a product, added to what {@code tail} puts out: the product itself, or the step that adds its bias. */
    void side(Step product, Step tail, Table left, Table right) {
        NodeEdit before = edit(product);
        String a = row(product, left);
        String b = row(product, right);
        List<NewNode> nodes = new ArrayList<>();
        String x = product.node().inputs().get(0);
        if (isFlat(product)) {
            String turned = fresh();
            before.before()
                    .add(new NewNode(
                            "Reshape", turned, x, batched(product, left.shape().get(1))));
            x = turned;
        }
        String thin = fresh();
        String sum = fresh();
        nodes.add(new NewNode("MatMul", thin, x, a));
        nodes.add(new NewNode("MatMul", sum, thin, b));
        add(tail, new Addend(nodes, sum), right.shape().get(2));
    }

    /** An addend of a vector: of the vector itself where a call has one row, else of what the step makes of it. */
    void addend(Weight weight, Reading reading) {
        Step step = reading.step();
        Node node = step.node();
        long length = weight.tensor().numel();
        boolean isConv = node.is("Conv");
        int behind = isConv ? kernelAxes(step) : 0;
        Table table = table(weight, Part.VECTOR, reading.type(), plan.form().vectors(plan.rows(), length, behind));
        String row = row(step, table);
        if (plan.form() == Form.CALL && !isConv) {
            String vector = node.inputs().get(reading.input());
            String changed = rows.computeIfAbsent(step.path() + ":" + vector + ":+", key -> {
                String name = fresh();
                edit(step).before().add(new NewNode("Add", name, vector, row));
                return name;
            });
            edit(step).read(reading.input(), changed);
            return;
        }
        add(step, effect(step, reading, row, (int) length), length);
    }

    private void add(Step step, Addend addend, long width) {
        addends.computeIfAbsent(step, key -> new ArrayList<>()).add(addend);
        widths.put(step, width);
    }

    private Addend effect(Step step, Reading reading, String row, int length) {
        Node node = step.node();
        boolean isScale = node.is("LayerNormalization") && reading.input() == 1;
        if (!isScale && !node.is("Mul")) {
            return new Addend(List.of(), row);
        }
        String other = node.inputs().get(node.is("Mul") ? 1 - reading.input() : 0);
        List<NewNode> nodes = new ArrayList<>();
        if (isScale) {
            String ones = fresh();
            edit.add(NewTensor.ones(ones, reading.type(), length));
            String normal = fresh();
            List<NewNode.Setting> settings =
                    node.attributes().stream().map(NewNode.Setting::of).toList();
            nodes.add(new NewNode("LayerNormalization", List.of(other, ones), normal, settings));
            other = normal;
        }
        String scaled = fresh();
        nodes.add(new NewNode("Mul", scaled, other, row));
        return new Addend(nodes, scaled);
    }

    Branched finish() {
        addends.forEach(this::add);
        if (!tables.isEmpty()) {
            edit.input(plan.input(), plan.form().axes());
        }
        int name = model.path().lastIndexOf('/') + 1;
        return new Branched(
                model, edit, List.copyOf(tables.values()), model.path().substring(0, name) + data, bytes);
    }

    private void add(Step step, List<Addend> all) {
        long width = Objects.requireNonNull(widths.get(step));
        NodeEdit node = edit(step);
        String plain = fresh();
        String original = node.rename(plain);
        List<NewNode> behind = node.behind();
        boolean isFlat = isFlat(step);
        String sum = plain;
        if (isFlat) {
            sum = fresh();
            behind.add(new NewNode("Reshape", sum, plain, batched(step, width)));
        }
        for (int i = 0; i < all.size(); i++) {
            behind.addAll(all.get(i).nodes());
            String next = i == all.size() - 1 && !isFlat ? original : fresh();
            behind.add(new NewNode("Add", next, sum, all.get(i).value()));
            sum = next;
        }
        if (isFlat) {
            String flat = fresh();
            edit.add(NewTensor.integers(flat, -1, (double) width));
            behind.add(new NewNode("Reshape", original, sum, flat));
        }
    }

    private Node first(Step step) {
        return Objects.requireNonNull(graphs.get(step.path())).nodes().get(0);
    }

    private NodeEdit edit(Step step) {
        return edit.of(step.path(), step.index(), step.node());
    }

    /** The chosen row of a table, or rows; read once in a graph. */
    private String row(Step reader, Table table) {
        return rows.computeIfAbsent(reader.path() + ":" + table.name(), key -> {
            String name = fresh();
            edit(reader).before().add(NewNode.gather(name, table.name(), plan.input()));
            return name;
        });
    }

    /** Whether a step's rows are the positions of all of a batch, one entry after the other, as a Gemm's are. */
    private boolean isFlat(Step step) {
        return plan.form() == Form.BATCH && step.node().opType().equals("Gemm");
    }

    /** The shape [batch, positions, width], as the input that chooses has the batch. */
    private String batched(Step step, long width) {
        return rows.computeIfAbsent(step.path() + ":shape:" + width, key -> {
            String batch = fresh();
            String rest = fresh();
            String shape = fresh();
            edit.add(NewTensor.integers(rest, -1, (double) width));
            List<NewNode> first = edit.of(step.path(), 0, first(step)).before();
            first.add(0, new NewNode("Shape", batch, plan.input()));
            List<NewNode.Setting> axis = List.of(new NewNode.Setting("axis", false, 0));
            first.add(1, new NewNode("Concat", List.of(batch, rest), shape, axis));
            return shape;
        });
    }

    /** The directions of a convolution; 0 if its weight is no tensor. */
    private static int kernelAxes(Step conv) {
        Value weight = conv.inputs().get(1);
        StoredTensor tensor = weight == null ? null : weight.tensor();
        return tensor == null ? 0 : tensor.info().shape().size() - 2;
    }

    private String fresh() {
        return PREFIX + values++;
    }
}
