package dev.koine.engine.merge.total;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.merge.method.Elementwise;
import dev.koine.engine.merge.method.Finish;
import dev.koine.engine.merge.method.WholeMatrix;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.Run;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The merged deltas of a model, before they are scaled: its sums, as its method finishes them.
 *
 * <p>Works chunk by chunk, but where a method needs a whole matrix: then that one is in memory, in eight bytes an element, and no other is at
 * the same time, whatever the number of threads. Of {@link MatrixDeltas} there is one a thread. Safe for several threads.
 */
public final class Deltas {
    private static final int LARGEST_ARRAY = Integer.MAX_VALUE - 8;

    private final List<Weight> weights;
    private final List<Grid> grids;
    private final ReadableSums sums;
    private final MatrixDeltas matrices;
    private final int planes;
    private final List<Finish> finishes = new ArrayList<>();
    private final Lock oneMatrix = new ReentrantLock();

    /** A run of deltas, in steps of the weight's grid, from index 0. */
    @FunctionalInterface
    public interface Step {
        void take(long from, double[] deltas, int count) throws RejectedException, IOException;
    }

    /**
     * @param grids of the weights, in their order
     * @param sums likewise
     * @param matrices deltas of weights whose sums are others
     * @throws RejectedException NOT_ONNX if the method needs a matrix at once that has more elements than an array
     */
    public Deltas(List<Weight> weights, List<Grid> grids, ReadableSums sums, MatrixDeltas matrices, Recipe recipe)
            throws RejectedException {
        this.weights = weights;
        this.grids = grids;
        this.sums = sums;
        this.matrices = matrices;
        this.planes = recipe.method().accumulate().planes().size();
        for (Weight weight : weights) {
            boolean isMerged = recipe.policyOf(weight) != Policy.FROZEN;
            finishes.add(isMerged ? recipe.finishOf(weight) : Elementwise.SUM);
            requireArray(weight, finishes.get(finishes.size() - 1), recipe);
        }
    }

    private static void requireArray(Weight weight, Finish finish, Recipe recipe) throws RejectedException {
        if (finish instanceof WholeMatrix && weight.tensor().numel() > LARGEST_ARRAY) {
            throw new RejectedException(
                    RejectionCode.NOT_ONNX,
                    "Tensor " + weight.tensor().name() + " at " + weight.position() + " has "
                            + weight.tensor().numel() + " elements, more than "
                            + recipe.method().name()
                            + " can take as one matrix; give it the policy FROZEN in the recipe.");
        }
    }

    /** Whether a weight's deltas are made all at once. */
    public boolean isWhole(int index) {
        return matrices.has(index) || finishes.get(index) instanceof WholeMatrix;
    }

    /** Whether a weight's deltas are to be scaled; those that are solved for are as they are. */
    public boolean isScaled(int index) {
        return !matrices.has(index);
    }

    /** Whether no delta of a weight is larger than the largest total that its grid has. */
    public boolean isBounded(int index) {
        return !matrices.has(index) && finishes.get(index) instanceof Elementwise elements && elements.isBounded();
    }

    /** What threads take of a weight at a time. */
    public List<Range> parts(int index) {
        long numel = weights.get(index).tensor().numel();
        return isWhole(index) ? List.of(new Range(index, 0, (int) numel)) : Range.parts(index, numel);
    }

    /**
     * Goes through the deltas of a range in chunks, in their order.
     *
     * @param range one of {@link #parts}; any where {@link #isWhole} is false
     */
    public void forEachChunk(Range range, Step step) throws RejectedException, IOException {
        Finish finish = finishes.get(range.index());
        if (matrices.has(range.index())) {
            forEachChunk(range, matrices.of(range.index()), step);
        } else if (finish instanceof WholeMatrix whole) {
            oneMatrix.lock();
            try {
                forEachChunk(range, whole, step);
            } finally {
                oneMatrix.unlock();
            }
        } else if (finish instanceof Elementwise elements) {
            forEachChunk(range, elements, step);
        }
    }

    private void forEachChunk(Range range, Elementwise elements, Step step) throws RejectedException, IOException {
        double[][] totals = new double[planes][Math.min(Run.CHUNK, range.count())];
        for (Run chunk : Run.chunks(range.count())) {
            long from = range.from() + chunk.from();
            sums.read(range.index(), from, totals, chunk.count());
            elements.finish(totals, chunk.count());
            step.take(from, totals[0], chunk.count());
        }
    }

    private void forEachChunk(Range range, WholeMatrix whole, Step step) throws RejectedException, IOException {
        double stepSize = grids.get(range.index()).step();
        double[] matrix = new double[range.count()];
        forEachChunk(range, whole.elements(), (from, deltas, count) -> {
            for (int i = 0; i < count; i++) {
                matrix[(int) from + i] = deltas[i] * stepSize;
            }
        });
        if (!isZero(matrix)) {
            List<Long> shape = weights.get(range.index()).tensor().shape();
            int rows = shape.size() < 2 ? 1 : Math.toIntExact(shape.get(0));
            whole.finish(matrix, rows, matrix.length / rows);
        }
        forEachChunk(range, matrix, step);
    }

    private void forEachChunk(Range range, double[] matrix, Step step) throws RejectedException, IOException {
        double perStep = 1 / grids.get(range.index()).step();
        double[] deltas = new double[Math.min(Run.CHUNK, matrix.length)];
        for (Run chunk : Run.chunks(matrix.length)) {
            for (int i = 0; i < chunk.count(); i++) {
                deltas[i] = matrix[chunk.at() + i] * perStep;
            }
            step.take(chunk.from(), deltas, chunk.count());
        }
    }

    private static boolean isZero(double[] matrix) {
        for (double element : matrix) {
            if (element != 0) {
                return false;
            }
        }
        return true;
    }
}
