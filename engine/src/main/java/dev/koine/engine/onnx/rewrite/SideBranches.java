package dev.koine.engine.onnx.rewrite;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.graph.OnnxModel;
import dev.koine.engine.onnx.graph.StoredTensor;
import dev.koine.engine.onnx.graph.ValueInfo;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.onnx.wiring.Wiring;
import dev.koine.engine.onnx.wiring.Wiring.Value;
import dev.koine.engine.tensor.Weight;
import dev.koine.engine.tensor.WeightRole;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Gives the graphs of a bundle side branches: beside each product with a weight of attention or MLP a product with two thin factors, and to each
 * vector of the model an addend. Both are rows of {@link Table tables} that one more input of the graph chooses; row 0 is zeros, and computes what
 * the base computes, bit for bit.
 *
 * <pre>
 *   y = x W          becomes   y = x W + (x LEFT[row]) RIGHT[row]
 *   v                becomes   v + VECTOR[row]
 * </pre>
 *
 * <p>The addition comes after that of a bias, so that a runtime fuses product and bias as it did, and gets the same bits. Weights whose uses are of
 * another kind, or lie in functions of the model, have no table.
 */
public final class SideBranches {
    /** What is added to the name of a model file for the file with its tables. */
    static final String DATA = "_tables";

    private static final Pattern FEW_AXES =
            Pattern.compile("tensor\\((FLOAT|FLOAT16|BFLOAT16|DOUBLE)\\)\\[[^,]*(,[^,]*)?]");

    private SideBranches() {}

    /**
     * What is wanted.
     *
     * @param rows of each table, the first of them zeros
     * @param rank of the factors, at most
     * @param input the name of the input that chooses
     */
    public record Plan(Form form, int rows, int rank, String input) {
        public Plan {
            if (rows < 1 || rank < 1) {
                throw new IllegalArgumentException(rows + " rows of rank " + rank);
            }
        }
    }

    /**
     * A model file with side branches.
     *
     * @param data the file with the tables, relative to the bundle
     * @param bytes of that file
     */
    public record Branched(OnnxModel model, ModelEdit edit, List<Table> tables, String data, long bytes) {
        public Branched {
            tables = List.copyOf(tables);
        }
    }

    /**
     * The model files that have weights for side branches; the others stay as they are.
     *
     * @throws RejectedException NOT_ONNX if a graph has side branches already, or an input of that name, or, for {@link Form#BATCH}, puts out numbers
     *     whose shape has no room for a batch and positions
     */
    public static List<Branched> of(ModelBundle base, Plan plan) throws RejectedException {
        List<Branched> branched = new ArrayList<>();
        for (Wiring wiring : base.wirings()) {
            Map<Value, Weight> weights = new LinkedHashMap<>();
            String prefix = wiring.model().path() + ":";
            base.weightsByValue().forEach((value, weight) -> {
                if (weight.position().startsWith(prefix)) {
                    weights.put(value, weight);
                }
            });
            requireFree(wiring.model(), plan);
            Branched model = new BranchPlanner(wiring, weights, plan).plan();
            if (!model.tables().isEmpty()) {
                branched.add(model);
            }
        }
        return branched;
    }

    /** Whether a weight may have side branches at all: matrices of attention and MLP, and vectors. */
    public static boolean isFor(Weight weight) {
        List<Long> shape = weight.tensor().shape();
        boolean isMatrix = weight.role() == WeightRole.LINEAR
                && shape.size() == 2
                && weight.tensor().numel() > 0;
        boolean isVector = weight.role() == WeightRole.OTHER && shape.size() == 1 && shape.get(0) > 1;
        return isMatrix || isVector;
    }

    private static void requireFree(OnnxModel model, Plan plan) throws RejectedException {
        for (StoredTensor tensor : model.graph().initializers()) {
            if (Table.isName(tensor.info().name())) {
                throw refused(model, "has side branches already. Name the base that it was made of.");
            }
        }
        for (ValueInfo input : model.graph().inputs()) {
            if (input.name().equals(plan.input())) {
                throw refused(
                        model,
                        "has an input '" + Quote.of(plan.input())
                                + "' of its own. Export the model again with another name for it.");
            }
        }
        for (ValueInfo output : plan.form() == Form.BATCH ? model.graph().outputs() : List.<ValueInfo>of()) {
            if (FEW_AXES.matcher(output.type()).matches()) {
                throw refused(
                        model,
                        "puts out '" + Quote.of(output.name())
                                + "' with fewer than three axes, and rows for each entry of"
                                + " a batch need [batch, positions, features]. Choose one row a call.");
            }
        }
    }

    private static RejectedException refused(OnnxModel model, String what) {
        return new RejectedException(RejectionCode.NOT_ONNX, "The file '" + Quote.of(model.path()) + "' " + what);
    }
}
