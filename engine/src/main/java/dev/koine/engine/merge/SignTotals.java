package dev.koine.engine.merge;

import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.taskvector.PrunedBlock;
import dev.koine.engine.tensor.Run;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Totals that elect a sign for each element (TIES-Merging, arXiv 2306.01708): the sum of its positive addends, the sum of its negative
 * ones, and how many there are of each. All four are integers, so that TIES is incremental and order-free, and a member can be taken out
 * again, though it is no sum.
 *
 * <pre>
 *   p, m     sum of the positive addends, and magnitude of the sum of the negative ones, in steps of the grid
 *   c, d     how many there are of them; an addend's sign is that of weight * value, zeros are neither
 *   delta    p / c if p &gt; m, -m / d if m &gt; p: the mean of those with the elected sign
 *            (p - m) / (c + d) if the smaller of p and m is at least (1 - slack) times the larger
 * </pre>
 *
 * <p>Where both sums are equal no sign is elected, and the delta is zero. Sixteen bytes an element of scratch, 24 where totals are wide.
 */
final class SignTotals implements Sums {
    private static final Grid OF_COUNTS = new Grid(1);

    private final double slack;
    private final List<Totals> planes;
    private final ThreadLocal<Buffers> buffers = ThreadLocal.withInitial(Buffers::new);

    /** What a thread works in, one chunk at a time. */
    private record Buffers(float[] values, float[][] addends, double[][] totals) {
        Buffers() {
            this(new float[Run.CHUNK], new float[4][Run.CHUNK], new double[4][Run.CHUNK]);
        }
    }

    private SignTotals(double slack, List<Totals> planes) {
        this.slack = slack;
        this.planes = planes;
    }

    /**
     * Makes totals that are all zero.
     *
     * @param directory for the files; sixteen bytes an element, 24 where totals are wide
     * @param slack 0 to 1
     */
    static SignTotals create(Path directory, List<Totals.Tensor> tensors, double slack) throws IOException {
        SignTotals made = new SignTotals(slack, new ArrayList<>());
        List<Totals.Tensor> counted = tensors.stream()
                .map(tensor -> new Totals.Tensor(tensor.name(), tensor.numel()))
                .toList();
        try {
            for (List<Totals.Tensor> plane : List.of(tensors, tensors, counted, counted)) {
                made.planes.add(Totals.create(directory, plane));
            }
            return made;
        } catch (IOException | RuntimeException e) {
            made.close();
            throw e;
        }
    }

    @Override
    public void add(int tensor, long from, PrunedBlock block, Grid grid, double weight)
            throws IOException, RejectedException {
        apply(tensor, from, block, grid, weight, 1);
    }

    @Override
    public void subtract(int tensor, long from, PrunedBlock block, Grid grid, double weight)
            throws IOException, RejectedException {
        apply(tensor, from, block, grid, weight, -1);
    }

    @Override
    public void addModular(int tensor, long from, PrunedBlock block, Grid grid, double weight)
            throws IOException, RejectedException {
        Addition range = new Addition(tensor, from, block, grid, weight);
        for (Run chunk : Run.chunks(block.numel())) {
            apply(range, chunk, 1, true);
        }
    }

    private record Addition(int tensor, long from, PrunedBlock block, Grid grid, double weight) {}

    private void apply(int tensor, long from, PrunedBlock block, Grid grid, double weight, int sign)
            throws IOException, RejectedException {
        Addition range = new Addition(tensor, from, block, grid, weight);
        for (Run chunk : Run.chunks(block.numel())) {
            try {
                apply(range, chunk, sign, false);
            } catch (RejectedException e) {
                for (Run before : Run.chunks(chunk.from())) {
                    apply(range, before, -sign, false);
                }
                throw e;
            }
        }
    }

    /** Applies one chunk to all planes, or to none. */
    private void apply(Addition range, Run chunk, int sign, boolean modular) throws IOException, RejectedException {
        List<Totals.Addends> addends = split(range, chunk);
        for (int plane = 0; plane < planes.size(); plane++) {
            Totals.Addends mine = addends.get(plane);
            int added = planes.get(plane).apply(mine, sign, modular);
            if (added < mine.count()) {
                for (int undone = 0; undone < plane; undone++) {
                    planes.get(undone).apply(addends.get(undone), -sign, modular);
                }
                throw planes.get(plane).refusal(mine, added);
            }
        }
    }

    /** What a chunk adds to each plane. A value that is no number goes to the first, which refuses it. */
    private List<Totals.Addends> split(Addition range, Run chunk) {
        Buffers own = buffers.get();
        float[] values = own.values();
        int count = chunk.count();
        range.block().read(chunk.at(), count, values, 0);
        for (int i = 0; i < count; i++) {
            double addend = range.weight() * values[i];
            boolean isNegative = addend < 0;
            boolean isPositive = addend > 0;
            own.addends()[0][i] = isNegative ? 0 : values[i];
            own.addends()[1][i] = isNegative ? values[i] : 0;
            own.addends()[2][i] = isPositive ? 1 : 0;
            own.addends()[3][i] = isNegative ? 1 : 0;
        }
        List<Totals.Addends> addends = new ArrayList<>();
        for (int plane = 0; plane < 4; plane++) {
            boolean isSum = plane < 2;
            addends.add(new Totals.Addends(
                    range.tensor(),
                    range.from() + chunk.from(),
                    own.addends()[plane],
                    count,
                    isSum ? range.grid() : OF_COUNTS,
                    isSum ? range.weight() : 1));
        }
        return addends;
    }

    @Override
    public void readDeltas(int tensor, long from, double[] target, int count) throws IOException {
        double[][] totals = buffers.get().totals();
        for (Run chunk : Run.chunks(count)) {
            int done = chunk.at();
            int n = chunk.count();
            for (int plane = 0; plane < 4; plane++) {
                planes.get(plane).readDeltas(tensor, from + done, totals[plane], n);
            }
            for (int i = 0; i < n; i++) {
                target[done + i] = delta(totals[0][i], totals[1][i], totals[2][i], totals[3][i]);
            }
        }
    }

    private double delta(double positive, double negative, double positives, double negatives) {
        double larger = Math.max(positive, -negative);
        double smaller = Math.min(positive, -negative);
        if (smaller >= (1 - slack) * larger) {
            return larger == 0 ? 0 : (positive + negative) / (positives + negatives);
        }
        return positive > -negative ? positive / positives : negative / negatives;
    }

    @Override
    public void close() throws IOException {
        for (Totals plane : planes) {
            plane.close();
        }
    }
}
