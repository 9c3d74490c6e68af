package dev.koine.engine.onnx.wiring;

import dev.koine.engine.onnx.graph.Attribute;
import dev.koine.engine.onnx.graph.Node;
import dev.koine.engine.onnx.graph.StoredTensor;
import dev.koine.engine.onnx.wiring.Wiring.Scope;
import dev.koine.engine.onnx.wiring.Wiring.Step;
import dev.koine.engine.onnx.wiring.Wiring.Use;
import dev.koine.engine.onnx.wiring.Wiring.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the outermost graph of a model multiplies its weights with, position by position: by MatMul, Gemm, their fused forms of ONNX Runtime, and Conv of one
 * group. A weight may go through an Identity, a Cast or a Transpose first.
 */
public final class Products {
    private static final Set<String> SAME_PLACES = Set.of("Identity", "Cast");
    private static final List<String> GEMM_FACTORS = List.of("transA", "transBatchA", "transBatchB");
    private static final int MOST_HOPS = 1000;

    private final Scope root;
    private final Set<Step> outermost = Collections.newSetFromMap(new IdentityHashMap<>());

    private Products(Scope root) {
        this.root = root;
        outermost.addAll(root.steps());
    }

    public static Products of(Wiring wiring) {
        return new Products(wiring.root());
    }

    /**
     * A weight times an activation.
     *
     * @param input the activation; its name means it in the outermost graph
     * @param isOutputFirst whether the weight is [out, in...], and not [in, out]
     * @param window of a convolution; null for a product of matrices
     */
    public record Product(
            Value input, boolean isOutputFirst, @Nullable Window window) {}

    private record Form(Value value, boolean isTransposed) {}

    /** All uses of a weight, if each is a product; else none. */
    public List<Product> of(Value weight) {
        StoredTensor tensor = weight.tensor();
        List<Product> products = new ArrayList<>();
        List<Form> open = new ArrayList<>(List.of(new Form(weight, false)));
        for (int i = 0; i < open.size(); i++) {
            Form form = open.get(i);
            if (tensor == null || i >= MOST_HOPS || !form.value().results().isEmpty()) {
                return List.of();
            }
            for (Use use : form.value().uses()) {
                Form next = next(form, use, tensor.info().shape());
                Product product =
                        next == null ? product(form, use, tensor.info().shape()) : null;
                if (next != null) {
                    open.add(next);
                } else if (product != null) {
                    products.add(product);
                } else {
                    return List.of();
                }
            }
        }
        return products;
    }

    /** The weight behind a step that changes its element type or turns it; null for any other step. */
    private @Nullable Form next(Form form, Use use, List<Long> shape) {
        Step step = use.step();
        Value output = step.outputs().size() == 1 ? step.outputs().get(0) : null;
        if (output == null || use.input() != 0 || !outermost.contains(step)) {
            return null;
        }
        if (step.node().domain().isEmpty() && SAME_PLACES.contains(step.node().opType())) {
            return new Form(output, form.isTransposed());
        }
        if (step.node().is("Transpose") && shape.size() == 2) {
            Optional<Attribute> perm = Window.attribute(step.node(), "perm");
            boolean turns = perm.isEmpty() || perm.get().integers().equals(Optional.of(List.of(1L, 0L)));
            return turns ? new Form(output, !form.isTransposed()) : null;
        }
        return null;
    }

    private @Nullable Product product(Form form, Use use, List<Long> shape) {
        Step step = use.step();
        Value input = step.inputs().size() < 2 ? null : step.inputs().get(0);
        if (input == null
                || use.input() != 1
                || !outermost.contains(step)
                || input.tensor() != null
                || root.find(input.name()) != input) {
            return null;
        }
        Node node = step.node();
        if (node.is("Conv")) {
            return Window.of(node, shape)
                    .map(window -> new Product(input, true, window))
                    .orElse(null);
        }
        Optional<Boolean> isTurned = shape.size() == 2 ? isTurned(node) : Optional.empty();
        return isTurned.map(turned -> new Product(input, turned != form.isTransposed(), null))
                .orElse(null);
    }

    /** Whether a plain product of matrices takes its second factor transposed; empty for any other node. */
    static Optional<Boolean> isTurned(Node node) {
        if (node.is("MatMul")) {
            return Optional.of(false);
        }
        boolean isFused = node.domain().equals("com.microsoft")
                && (node.opType().equals("FusedMatMul") || node.opType().equals("FusedGemm"));
        boolean isPlain = GEMM_FACTORS.stream().allMatch(name -> isOff(node, name))
                && Window.attribute(node, "alpha")
                        .map(alpha -> alpha.isFloat(1))
                        .orElse(true);
        return (node.is("Gemm") || isFused) && isPlain ? Optional.of(!isOff(node, "transB")) : Optional.empty();
    }

    private static boolean isOff(Node node, String name) {
        return Window.attribute(node, name)
                .map(attribute -> attribute.integers().equals(Optional.of(List.of(0L))))
                .orElse(true);
    }
}
