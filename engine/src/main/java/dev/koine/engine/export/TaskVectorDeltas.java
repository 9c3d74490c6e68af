package dev.koine.engine.export;

import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.LowRank;
import dev.koine.engine.taskvector.LorsBlock;
import dev.koine.engine.taskvector.PrunedBlock;
import dev.koine.engine.taskvector.TaskVectorFile;
import dev.koine.engine.tensor.Run;
import dev.koine.engine.tensor.Transposed;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The kept task vector of one expert, or a combination of several: what is of low rank are its factors, as they are. */
final class TaskVectorDeltas implements DeltaSource {
    private final Map<String, List<Source>> byWeight = new HashMap<>();

    /**
     * A file of a task vector.
     *
     * @param factor of its blocks
     */
    record Piece(Path file, double factor) {}

    private record Source(Piece piece, TaskVectorFile.Entry block) {
        boolean covers(Run run) {
            return block.from() < run.from() + run.count() && run.from() < block.from() + block.numel();
        }
    }

    /** @throws RejectedException NOT_SAFETENSORS if a file is no task vector */
    TaskVectorDeltas(List<Piece> pieces) throws IOException, RejectedException {
        for (Piece piece : pieces) {
            try (TaskVectorFile file = TaskVectorFile.open(piece.file())) {
                for (TaskVectorFile.Entry block : file.blocks()) {
                    List<String> asItStands = block.weights().stream()
                            .filter(key -> !Transposed.isMarked(key))
                            .toList();
                    for (String key : asItStands) {
                        byWeight.computeIfAbsent(key, absent -> new ArrayList<>())
                                .add(new Source(piece, block));
                    }
                }
            }
        }
    }

    /** The weights that it is about. */
    Set<String> keys() {
        return byWeight.keySet();
    }

    @Override
    public boolean has(Weight weight) {
        return byWeight.containsKey(weight.key());
    }

    @Override
    public LowRank lowRank(Weight weight) throws IOException, RejectedException {
        int rows = Math.toIntExact(weight.tensor().shape().get(0));
        int columns = Math.toIntExact(weight.tensor().shape().get(1));
        List<LowRank> parts = new ArrayList<>();
        for (Source source : sources(weight)) {
            boolean isMatrix = !source.block().dense()
                    && source.block().rank() > 0
                    && source.block().rows() == rows
                    && source.block().columns() == columns;
            if (isMatrix && read(source) instanceof LorsBlock block) {
                parts.add(times(block.lowRank(), source.piece().factor()));
            }
        }
        return joined(rows, columns, parts);
    }

    private static LowRank times(LowRank part, double factor) {
        if (factor == 1) {
            return part;
        }
        float[] u = part.u().clone();
        for (int i = 0; i < u.length; i++) {
            u[i] = (float) (factor * u[i]);
        }
        return new LowRank(part.rows(), part.columns(), part.rank(), u, part.v());
    }

    /** The sum, as one product: columns beside columns, rows below rows. */
    private static LowRank joined(int rows, int columns, List<LowRank> parts) {
        if (parts.size() == 1) {
            return parts.get(0);
        }
        int rank = parts.stream().mapToInt(LowRank::rank).sum();
        float[] u = new float[rows * rank];
        float[] v = new float[rank * columns];
        int at = 0;
        for (LowRank part : parts) {
            for (int i = 0; i < rows; i++) {
                System.arraycopy(part.u(), i * part.rank(), u, i * rank + at, part.rank());
            }
            System.arraycopy(part.v(), 0, v, at * columns, part.rank() * columns);
            at += part.rank();
        }
        return new LowRank(rows, columns, rank, u, v);
    }

    @Override
    public void forEachRun(Weight weight, int longest, Sink sink) throws IOException, RejectedException {
        List<Source> sources = sources(weight);
        Map<Source, PrunedBlock> open = new HashMap<>();
        for (Run run : Run.cut(weight.tensor().numel(), longest)) {
            open.keySet().removeIf(source -> !source.covers(run));
            double[] sums = new double[run.count()];
            float[] values = new float[run.count()];
            for (Source source : sources) {
                if (source.covers(run)) {
                    PrunedBlock block = open.get(source);
                    if (block == null) {
                        block = read(source);
                        open.put(source, block);
                    }
                    add(source, block, run, values, sums);
                }
            }
            for (int i = 0; i < run.count(); i++) {
                values[i] = (float) sums[i];
            }
            sink.take(run, values);
        }
    }

    private static void add(Source source, PrunedBlock block, Run run, float[] values, double[] sums) {
        long first = Math.max(run.from(), source.block().from());
        long end = Math.min(run.from() + run.count(), source.block().from() + block.numel());
        int count = (int) (end - first);
        int at = (int) (first - run.from());
        block.read((int) (first - source.block().from()), count, values, at);
        for (int i = at; i < at + count; i++) {
            sums[i] += source.piece().factor() * values[i];
        }
    }

    private List<Source> sources(Weight weight) {
        return byWeight.getOrDefault(weight.key(), List.of());
    }

    private static PrunedBlock read(Source source) throws IOException, RejectedException {
        try (TaskVectorFile file = TaskVectorFile.open(source.piece().file())) {
            return file.read(source.block());
        }
    }
}
