package dev.koine.engine.merge.prune;

import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.LowRank;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.align.AlignedWeight;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.ElementReader;
import dev.koine.engine.tensor.Factors;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.TensorReader;
import dev.koine.engine.tensor.Values;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * How far an expert is from its base: the length of the difference of all weights that a recipe merges, against the base's length. Shapes
 * cannot tell a fine-tune from a model that was trained by itself; this can.
 *
 * <p>Measured on runs of each tensor that lie evenly over it, in a fixed order, so that it is the same number everywhere and costs
 * little beside the hashing of the files.
 */
public final class Distance {
    /** From here on nothing of the base is left but its shapes: two models of one kind that know nothing of each other have about 1.4. */
    private static final double FAR = 0.5;

    private static final int RUNS = 16;
    private static final int RUN_ELEMENTS = 1024;

    /** What is larger is a mask's constant, and would hide all else. */
    private static final float LARGEST_WEIGHT = 1e4f;

    private Distance() {}

    /** The length of the difference by the length of the base; empty if the base has none. */
    public static OptionalDouble of(Alignment expert, Recipe recipe) throws RejectedException, IOException {
        Squares sum = new Squares(0, 0);
        for (AlignedWeight weight : expert.weights()) {
            boolean isMerged = weight.base().stream().anyMatch(base -> recipe.policyOf(base) != Policy.FROZEN);
            if (isMerged) {
                sum = sum.plus(squares(weight));
            }
        }
        return sum.base > 0 ? OptionalDouble.of(Math.sqrt(sum.difference / sum.base)) : OptionalDouble.empty();
    }

    /** What users should hear of an expert that is too far away to be a fine-tune of the base. */
    public static Optional<String> warning(Alignment expert, Recipe recipe) throws RejectedException, IOException {
        OptionalDouble distance = of(expert, recipe);
        return distance.isEmpty() || distance.getAsDouble() < FAR
                ? Optional.empty()
                : Optional.of(String.format(
                        Locale.ROOT,
                        "its weights differ from the base's by %.2g times the base's length, where a fine-tune differs by 0.001 to"
                                + " 0.1. It looks like no fine-tune of this base: check which model it was trained from.",
                        distance.getAsDouble()));
    }

    private record Squares(double difference, double base) {
        Squares plus(Squares other) {
            return new Squares(difference + other.difference, base + other.base);
        }
    }

    /** Of a sample, as many times as the tensor is larger. */
    private static Squares squares(AlignedWeight weight) throws RejectedException, IOException {
        TensorInfo base = weight.base().get(0).tensor();
        if (weight.expert() instanceof Values values) {
            return squares(base, values);
        }
        double length = squares(base, base).base;
        @Nullable LowRank delta = weight.expert() instanceof Factors factors ? FactoredDelta.read(factors) : null;
        return new Squares(delta == null ? 0 : FactoredDelta.squaredNorm(delta), length);
    }

    private static Squares squares(TensorInfo tensor, Values values) throws IOException {
        double difference = 0;
        double base = 0;
        long sampled = 0;
        try (TensorReader before = TensorReader.open(tensor);
                ElementReader after = ElementReader.open(values)) {
            long numel = before.numel();
            long stride = Math.max(RUN_ELEMENTS, numel / RUNS);
            int most = (int) Math.min(RUN_ELEMENTS, numel);
            float[] ours = new float[most];
            float[] theirs = new float[most];
            for (long from = 0; from < numel; from += stride) {
                int count = (int) Math.min(most, numel - from);
                before.read(from, ours, 0, count);
                after.read(from, theirs, 0, count);
                for (int i = 0; i < count; i++) {
                    double step = (double) theirs[i] - ours[i];
                    if (Math.abs(ours[i]) < LARGEST_WEIGHT && Double.isFinite(step)) {
                        difference += step * step;
                        base += (double) ours[i] * ours[i];
                    }
                }
                sampled += count;
            }
            double share = sampled == 0 ? 0 : (double) numel / sampled;
            return new Squares(difference * share, base * share);
        }
    }
}
