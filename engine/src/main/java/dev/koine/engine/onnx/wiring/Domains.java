package dev.koine.engine.onnx.wiring;

import dev.koine.engine.onnx.graph.StoredTensor;
import dev.koine.engine.onnx.wiring.Wiring.Step;
import dev.koine.engine.onnx.wiring.Wiring.Use;
import dev.koine.engine.onnx.wiring.Wiring.Value;
import dev.koine.engine.tensor.TensorReader;
import dev.koine.engine.tensor.WeightRole;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tells by the graph which tensors are no plain weights: {@link WeightRole#VARIANCE variances}, which must not be negative, and
 * {@link Settings settings}.
 *
 * <p>A variance is the fifth input of a BatchNormalization, or, where an exporter spells that out or a model has something of the kind, what a
 * Sqrt, a Log or a Pow with a broken exponent is taken of: directly, in another layout, or with a constant added.
 */
final class Domains {
    private static final int RUNNING_VARIANCE = 4;
    private static final int MOST_HOPS = 1000;
    private static final Set<String> LAYOUT =
            Set.of("Identity", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose", "Expand");

    private Domains() {}

    /** Gives variances and settings among the {@link WeightRole#OTHER others} of a bundle their role. */
    static void assign(List<Value> weights, Map<Value, WeightRole> roles) throws IOException {
        Set<Place> variances = new HashSet<>();
        for (Value weight : weights) {
            if (roles.get(weight) == WeightRole.OTHER) {
                if (Settings.isSetting(weight)) {
                    roles.put(weight, WeightRole.SETTING);
                } else if (isVariance(weight)) {
                    roles.put(weight, WeightRole.VARIANCE);
                    variances.add(place(weight));
                }
            }
        }
        for (Value weight : weights) {
            if (roles.get(weight) == WeightRole.OTHER && variances.contains(place(weight))) {
                roles.put(weight, WeightRole.VARIANCE);
            }
        }
    }

    /** Two tensors may be one range of bytes: what is written there is one thing. */
    private record Place(@Nullable Object file, long offset) {}

    private static Place place(Value weight) {
        StoredTensor tensor = weight.tensor();
        return tensor == null
                ? new Place(null, 0)
                : new Place(tensor.info().file(), tensor.info().offset());
    }

    private static boolean isVariance(Value weight) throws IOException {
        Set<Value> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        List<Value> open = new ArrayList<>(List.of(weight));
        for (int i = 0; i < open.size() && i < MOST_HOPS; i++) {
            if (seen.add(open.get(i))) {
                for (Use use : consumers(open.get(i))) {
                    if (needsPositive(use)) {
                        return true;
                    }
                    Value sum = plusConstant(use);
                    if (sum != null) {
                        open.add(sum);
                    }
                }
            }
        }
        return false;
    }

    private static boolean needsPositive(Use use) throws IOException {
        Step step = use.step();
        if (step.node().is("BatchNormalization")) {
            return use.input() == RUNNING_VARIANCE;
        }
        if (step.node().is("Pow")) {
            return use.input() == 0
                    && step.inputs().size() == 2
                    && isBroken(step.inputs().get(1));
        }
        return step.node().is("Sqrt") || step.node().is("Log");
    }

    /** Whether an exponent is one constant that is no integer. */
    private static boolean isBroken(@Nullable Value exponent) throws IOException {
        StoredTensor tensor = exponent == null ? null : exponent.tensor();
        if (tensor == null || !tensor.isMergeable() || tensor.info().numel() != 1) {
            return false;
        }
        float[] value = new float[1];
        try (TensorReader reader = TensorReader.open(tensor.info())) {
            reader.read(0, value, 0, 1);
        }
        return value[0] != Math.rint(value[0]);
    }

    private static @Nullable Value plusConstant(Use use) {
        Step step = use.step();
        if (!step.node().is("Add")
                || step.inputs().size() != 2
                || step.outputs().isEmpty()) {
            return null;
        }
        Value other = step.inputs().get(1 - use.input());
        return other == null || other.tensor() == null ? null : step.outputs().get(0);
    }

    /** Where a value is read, seen through changes of its layout and element type. */
    static List<Use> consumers(Value value) {
        List<Use> consumers = new ArrayList<>();
        List<Use> open = new ArrayList<>(value.uses());
        for (int i = 0; i < open.size() && i < MOST_HOPS; i++) {
            Use use = open.get(i);
            Step step = use.step();
            boolean passes = use.input() == 0
                    && step.node().is(step.node().opType())
                    && LAYOUT.contains(step.node().opType());
            Value output = passes && !step.outputs().isEmpty() ? step.outputs().get(0) : null;
            if (output == null) {
                consumers.add(use);
            } else {
                open.addAll(output.uses());
            }
        }
        return consumers;
    }
}
