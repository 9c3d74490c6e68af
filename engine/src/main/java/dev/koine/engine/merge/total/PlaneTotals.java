package dev.koine.engine.merge.total;

import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.merge.method.Accumulation;
import dev.koine.engine.merge.method.Accumulation.Plane;
import dev.koine.engine.taskvector.PrunedBlock;
import dev.koine.engine.tensor.Run;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Totals of a method that keeps several sums for each element: {@link Totals} for each plane of its {@link Accumulation}. A run is added to
 * all planes or to none.
 */
final class PlaneTotals implements Sums {
    private static final Grid OF_COUNTS = new Grid(1);

    private final Accumulation accumulation;
    private final List<Totals> planes = new ArrayList<>();
    private final ThreadLocal<Buffers> buffers;

    /** What a thread works in, one chunk at a time. */
    private record Buffers(float[] values, float[][] addends) {
        Buffers(int planes) {
            this(new float[Run.CHUNK], new float[planes][Run.CHUNK]);
        }
    }

    private PlaneTotals(Accumulation accumulation) {
        this.accumulation = accumulation;
        this.buffers =
                ThreadLocal.withInitial(() -> new Buffers(accumulation.planes().size()));
    }

    /**
     * Makes totals that are all zero.
     *
     * @param directory for the files: four bytes an element and plane, eight for the sums of wide totals
     */
    static PlaneTotals create(Path directory, List<Totals.Tensor> tensors, Accumulation accumulation)
            throws IOException {
        PlaneTotals made = new PlaneTotals(accumulation);
        List<Totals.Tensor> counted = tensors.stream()
                .map(tensor -> new Totals.Tensor(tensor.name(), tensor.numel()))
                .toList();
        try {
            for (Plane plane : accumulation.planes()) {
                made.planes.add(Totals.create(directory, plane == Plane.SUM ? tensors : counted));
            }
            return made;
        } catch (IOException | RuntimeException e) {
            made.close();
            throw e;
        }
    }

    @Override
    public void add(int tensor, long from, PrunedBlock block, Grid grid, double factor)
            throws IOException, RejectedException {
        apply(tensor, from, block, grid, factor, 1);
    }

    @Override
    public void subtract(int tensor, long from, PrunedBlock block, Grid grid, double factor)
            throws IOException, RejectedException {
        apply(tensor, from, block, grid, factor, -1);
    }

    @Override
    public void addModular(int tensor, long from, PrunedBlock block, Grid grid, double factor)
            throws IOException, RejectedException {
        Addend range = new Addend(tensor, from, block, grid, factor);
        for (Run chunk : Run.chunks(block.numel())) {
            apply(range, chunk, 1, true);
        }
    }

    private record Addend(int tensor, long from, PrunedBlock block, Grid grid, double factor) {}

    private void apply(int tensor, long from, PrunedBlock block, Grid grid, double factor, int sign)
            throws IOException, RejectedException {
        Addend range = new Addend(tensor, from, block, grid, factor);
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
    private void apply(Addend range, Run chunk, int sign, boolean modular) throws IOException, RejectedException {
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

    /** What a chunk adds to each plane. */
    private List<Totals.Addends> split(Addend range, Run chunk) {
        Buffers own = buffers.get();
        int count = chunk.count();
        range.block().read(chunk.at(), count, own.values(), 0);
        accumulation.split(own.values(), count, range.factor(), own.addends());
        List<Totals.Addends> addends = new ArrayList<>();
        for (int plane = 0; plane < planes.size(); plane++) {
            boolean isSum = accumulation.planes().get(plane) == Plane.SUM;
            addends.add(new Totals.Addends(
                    range.tensor(),
                    range.from() + chunk.from(),
                    own.addends()[plane],
                    count,
                    isSum ? range.grid() : OF_COUNTS,
                    isSum ? range.factor() : 1));
        }
        return addends;
    }

    @Override
    public void read(int tensor, long from, double[][] target, int count) throws IOException {
        for (int plane = 0; plane < planes.size(); plane++) {
            planes.get(plane).read(tensor, from, new double[][] {target[plane]}, count);
        }
    }

    @Override
    public void close() throws IOException {
        for (Totals plane : planes) {
            plane.close();
        }
    }
}
