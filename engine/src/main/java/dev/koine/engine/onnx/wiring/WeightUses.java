package dev.koine.engine.onnx.wiring;

import dev.koine.engine.onnx.graph.Attribute;
import dev.koine.engine.onnx.graph.Node;
import dev.koine.engine.onnx.graph.StoredTensor;
import dev.koine.engine.onnx.wiring.Wiring.Step;
import dev.koine.engine.onnx.wiring.Wiring.Use;
import dev.koine.engine.onnx.wiring.Wiring.Value;
import dev.koine.engine.tensor.ElementType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Where the graphs of a model compute with a weight, in subgraphs, too; an Identity, a Cast or a turning Transpose on the way is looked through. */
public final class WeightUses {
    private static final int MOST_HOPS = 1000;

    private final List<Reading> readings = new ArrayList<>();
    private final List<Value> forms = new ArrayList<>();
    private final boolean isPutOut;

    /**
     * A place where a step reads a weight.
     *
     * @param isTransposed whether it reads the transposed matrix
     * @param type of the elements that it reads
     */
    public record Reading(Step step, int input, boolean isTransposed, ElementType type) {
        /** Whether the step is a plain product of matrices with the weight on its right: {@code x W}, or {@code x W + c}. */
        public boolean isProduct() {
            return input == 1 && Products.isTurned(step.node()).isPresent();
        }

        /** Of a product: whether the weight, as the file has it, is [out, in] and not [in, out]. */
        public boolean isOutputFirst() {
            return Products.isTurned(step.node()).orElse(false) != isTransposed;
        }
    }

    private record Form(Value value, boolean isTransposed, ElementType type) {}

    private WeightUses(Value weight, StoredTensor tensor) {
        List<Form> open =
                new ArrayList<>(List.of(new Form(weight, false, tensor.info().type())));
        boolean leaves = false;
        for (int i = 0; i < open.size(); i++) {
            Form form = open.get(i);
            forms.add(form.value());
            leaves |= !form.value().results().isEmpty() || i >= MOST_HOPS;
            for (Use use : form.value().uses()) {
                Optional<Form> next = i < MOST_HOPS ? next(form, use) : Optional.empty();
                next.ifPresentOrElse(
                        open::add,
                        () -> readings.add(new Reading(use.step(), use.input(), form.isTransposed(), form.type())));
            }
        }
        isPutOut = leaves;
    }

    /**
     * Looks at all that reads a weight.
     *
     * @throws IllegalArgumentException if the value is no tensor
     */
    public static WeightUses of(Value weight) {
        StoredTensor tensor = weight.tensor();
        if (tensor == null) {
            throw new IllegalArgumentException(weight.name() + " is no tensor.");
        }
        return new WeightUses(weight, tensor);
    }

    public List<Reading> readings() {
        return List.copyOf(readings);
    }

    /** The weight itself and the values that are the same numbers in another layout or type. */
    public List<Value> forms() {
        return List.copyOf(forms);
    }

    /** Whether it leaves a graph as it is. */
    public boolean isPutOut() {
        return isPutOut;
    }

    /** The only step that reads what a step puts out first; empty if there are several or none, or it leaves the graph. */
    public static Optional<Step> onlyReader(Step step) {
        Value output = step.outputs().isEmpty() ? null : step.outputs().get(0);
        if (output == null || output.uses().size() != 1 || !output.results().isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(output.uses().get(0).step());
    }

    private static Optional<Form> next(Form form, Use use) {
        Step step = use.step();
        Value output = step.outputs().size() == 1 ? step.outputs().get(0) : null;
        if (output == null || use.input() != 0) {
            return Optional.empty();
        }
        if (step.node().is("Identity")) {
            return Optional.of(new Form(output, form.isTransposed(), form.type()));
        }
        if (step.node().is("Cast")) {
            ElementType type = Window.attribute(step.node(), "to")
                    .flatMap(Attribute::integers)
                    .filter(to -> to.size() == 1)
                    .map(to -> ElementType.ofOnnxCode(to.get(0).intValue()))
                    .orElse(ElementType.OTHER);
            return type.isMergeable() ? Optional.of(new Form(output, form.isTransposed(), type)) : Optional.empty();
        }
        return step.node().is("Transpose") && turnsMatrix(step.node(), form)
                ? Optional.of(new Form(output, !form.isTransposed(), form.type()))
                : Optional.empty();
    }

    private static boolean turnsMatrix(Node node, Form form) {
        StoredTensor tensor = form.value().tensor();
        boolean isMatrix = tensor == null || tensor.info().shape().size() == 2;
        return isMatrix
                && Window.attribute(node, "perm")
                        .map(perm -> perm.integers().equals(Optional.of(List.of(1L, 0L))))
                        .orElse(true);
    }
}
