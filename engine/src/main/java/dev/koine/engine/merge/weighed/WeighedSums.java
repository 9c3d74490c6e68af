package dev.koine.engine.merge.weighed;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.linalg.SymmetricSolver;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.weighed.WeighedWeights.WeighedWeight;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.statistics.LayerInput;
import dev.koine.engine.statistics.LowRankGram;
import dev.koine.engine.taskvector.PrunedBlock;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What a model keeps of the task vectors inside for weights that are weighed by their layers' inputs (RegMean, arXiv 2212.09849, section 3, on
 * task vectors), {@code x W} with W {@code [in, out]}:
 *
 * <pre>
 *   Q = sum over members of G (w tau)         [in, out], one a weight: kept here
 *   P = sum over members of |w| G             [in, in], one a layer input: {@link GramSum}
 *   delta = (P + ridge)^-1 Q
 * </pre>
 *
 * <p>G is the member's Gram of that input, tau its pruned task vector, zero for a language that is only protected. Q is a sum of {@link FixedPoint
 * integers}: order plays no part, and what is subtracted is gone. Where a member's weight is negative the task vector changes its sign, and the
 * Gram does not.
 *
 * <p>Threads may work on different inputs, and on different weights.
 */
public final class WeighedSums implements AutoCloseable {
    private final WeighedWeights weights;
    private final List<FixedPoint> steps;
    private final LongTotals totals;

    private WeighedSums(WeighedWeights weights, List<FixedPoint> steps, LongTotals totals) {
        this.weights = weights;
        this.steps = steps;
        this.totals = totals;
    }

    /**
     * Sums with nothing inside.
     *
     * @param grids of the base's weights, in their order
     * @param scratch a directory for the totals: eight bytes an element
     * @throws RejectedException {@link RejectionCode#NOT_ONNX} if a weight has more elements than an array
     */
    public static WeighedSums open(ModelBundle base, Recipe recipe, List<Grid> grids, Path scratch)
            throws RejectedException, IOException {
        WeighedWeights weights = WeighedWeights.of(base, recipe);
        FixedPoint[] steps = new FixedPoint[weights.byIndex().size()];
        Integer[] sizes = new Integer[steps.length];
        weights.byIndex().forEach((index, weight) -> {
            steps[weight.array()] = FixedPoint.ofProducts(grids.get(index).step());
            sizes[weight.array()] = weight.numel();
        });
        return new WeighedSums(weights, List.of(steps), LongTotals.create(scratch, List.of(sizes)));
    }

    /** The layer inputs. */
    public List<LayerInput> inputs() {
        return weights.inputs();
    }

    /** The layer input that a weight multiplies, as its place in {@link #inputs}; empty if the weight is not weighed. */
    public OptionalInt inputOf(int index) {
        @Nullable WeighedWeight weight = weights.find(index);
        return weight == null ? OptionalInt.empty() : OptionalInt.of(weight.input());
    }

    /** The indexes of the weights that multiply a layer input. */
    private List<Integer> weightsOf(int input) {
        return weights.byIndex().entrySet().stream()
                .filter(weight -> weight.getValue().input() == input)
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
    }

    /** The task vector of a member, weight by weight. */
    @FunctionalInterface
    public interface TaskVectorRuns {
        /** Goes through the runs of a weight, in their order. */
        void forEach(int index, Step step) throws RejectedException, IOException;

        /** Takes a run. */
        @FunctionalInterface
        interface Step {
            void take(long from, PrunedBlock values) throws RejectedException, IOException;
        }
    }

    /**
     * Adds what a member brings to all weights that multiply one layer input.
     *
     * @param gram of the member and that input
     * @param runs its task vector
     * @param factor its weight
     * @throws RejectedException {@link RejectionCode#TOTAL_OVERFLOW} if a total would leave its range; all are then as they were
     */
    public void add(int input, LowRankGram gram, TaskVectorRuns runs, double factor)
            throws RejectedException, IOException {
        @Nullable RejectedException refusal = apply(input, gram, runs, factor, 1);
        if (refusal != null) {
            apply(input, gram, runs, factor, -1);
            throw refusal;
        }
    }

    /**
     * {@link #add} of one of several members whose sums are known to end in range, though a sum on the way may not be; and what takes out
     * exactly what that put in.
     *
     * @param sign 1 to add, -1 to take out
     */
    public void addModular(int input, LowRankGram gram, TaskVectorRuns runs, double factor, int sign)
            throws RejectedException, IOException {
        apply(input, gram, runs, factor, sign);
    }

    /** Changes all totals; returns why they cannot stay so, if one leaves its range. */
    private @Nullable RejectedException apply(int input, LowRankGram gram, TaskVectorRuns runs, double factor, int sign)
            throws RejectedException, IOException {
        Refusal refusal = new Refusal();
        for (int index : weightsOf(input)) {
            WeighedWeight weight = Objects.requireNonNull(weights.find(index));
            GramProduct product = new GramProduct(gram, weight.other(), weight.isOutputFirst());
            FixedPoint step = steps.get(weight.array());
            runs.forEach(
                    index,
                    (from, values) -> product.of(from, values, (at, elements) -> {
                        for (int i = 0; i < elements.length; i++) {
                            elements[i] = step.steps(factor * elements[i]);
                        }
                        refusal.note(
                                totals.add(weight.array(), at, elements, sign),
                                weight.weight().key(),
                                factor);
                    }));
        }
        return refusal.first;
    }

    private static final class Refusal {
        private @Nullable RejectedException first;

        void note(OptionalLong element, String what, double factor) {
            if (element.isPresent() && first == null) {
                first = new RejectedException(
                        RejectionCode.TOTAL_OVERFLOW,
                        "Adding the expert with the weight " + factor
                                + " leaves the range of the running total at element "
                                + element.getAsLong() + " of " + what
                                + ". Check that it was fine-tuned from this base, lower its weight, or retract experts.");
            }
        }
    }

    /**
     * What members have added up to for a weight: Q, row-major.
     *
     * @return null if it is zero throughout
     */
    public double @Nullable [] products(int index) throws IOException {
        WeighedWeight weight = Objects.requireNonNull(weights.find(index));
        double[] products = new double[weight.numel()];
        totals.read(weight.array(), 0, products);
        double step = steps.get(weight.array()).step();
        boolean isZero = true;
        for (int i = 0; i < products.length; i++) {
            isZero &= products[i] == 0;
            products[i] *= step;
        }
        return isZero ? null : products;
    }

    /** Makes Q the merged delta, in place. */
    public void solve(int index, SymmetricSolver gram, double[] products) {
        WeighedWeight weight = Objects.requireNonNull(weights.find(index));
        gram.solve(products, weight.other(), weight.isOutputFirst());
    }

    /** The number of elements of a weight. */
    public int numel(int index) {
        return Objects.requireNonNull(weights.find(index)).numel();
    }

    @Override
    public void close() throws IOException {
        totals.close();
    }
}
