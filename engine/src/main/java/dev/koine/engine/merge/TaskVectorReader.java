package dev.koine.engine.merge;

import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.merge.prune.PrunePlan;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.taskvector.CombinedBlock;
import dev.koine.engine.taskvector.PrunedBlock;
import dev.koine.engine.taskvector.TaskVectorFile;
import dev.koine.engine.taskvector.TransposedRun;
import dev.koine.engine.tensor.Run;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.Transposed;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Reads task vectors of one base from a store. Safe for several threads. */
final class TaskVectorReader {
    private final ArtifactStore store;
    private final List<Weight> weights;
    private final Map<String, Integer> indexOf = new HashMap<>();

    TaskVectorReader(List<Weight> weights, ArtifactStore store) {
        this.store = store;
        this.weights = weights;
        for (int i = 0; i < weights.size(); i++) {
            indexOf.put(weights.get(i).key(), i);
        }
    }

    /**
     * The additions of a task vector, in parts that threads can take: of an expert's, one a piece, and one for each run that is put together
     * from blocks of its transpose; of a combination, one a weight, whose blocks are summed there.
     *
     * @param digest of a {@link TaskVector}
     */
    List<Addition.Part> parts(String digest) throws IOException {
        TaskVector vector = TaskVector.get(store, digest);
        Map<String, List<Stored>> blocks = blocks(vector);
        List<Addition.Part> parts = new ArrayList<>();
        if (vector.isCombined()) {
            for (Map.Entry<String, List<Source>> weight : sources(blocks).entrySet()) {
                int index = indexOf(weight.getKey());
                parts.add(step -> forEachRun(index, weight.getValue(), step));
            }
        } else {
            for (String piece : vector.pieces()) {
                parts.add(step -> forEachBlock(piece, step));
            }
            for (Map.Entry<String, List<Stored>> weight : blocks.entrySet()) {
                if (Transposed.isMarked(weight.getKey())) {
                    int index = indexOf(Transposed.key(weight.getKey()));
                    for (Source source : transposes(index, weight.getValue())) {
                        parts.add(step -> step.take(new Addition(
                                index, source.from(), source.values().read())));
                    }
                }
            }
        }
        return parts;
    }

    /** Whether a task vector is one of an expert, and not of a language that is protected only. */
    boolean hasPieces(String digest) throws IOException {
        return !TaskVector.get(store, digest).pieces().isEmpty();
    }

    /**
     * The additions of a task vector weight by weight, in the order of their elements.
     *
     * @return by the index of the weight; weights that it says nothing of have none
     */
    Map<Integer, Addition.Part> byWeight(TaskVector vector) throws IOException {
        Map<Integer, Addition.Part> parts = new TreeMap<>();
        for (Map.Entry<String, List<Source>> weight : sources(blocks(vector)).entrySet()) {
            int index = indexOf(weight.getKey());
            parts.put(index, step -> forEachRun(index, weight.getValue(), step));
        }
        return parts;
    }

    /** A task vector's additions to one weight. */
    @FunctionalInterface
    interface Runs {
        /** Goes through those that have elements of a range, and reads no others; the order is always the same. */
        void forEach(long from, long end, Addition.Step step) throws RejectedException, IOException;
    }

    /**
     * The additions of a task vector by the index of their weight, to be read where they are needed; together those of {@link #parts}.
     *
     * @param digest of a {@link TaskVector}
     */
    Map<Integer, Runs> runs(String digest) throws IOException {
        TaskVector vector = TaskVector.get(store, digest);
        Map<Integer, Runs> runs = new TreeMap<>();
        for (Map.Entry<String, List<Source>> weight : sources(blocks(vector)).entrySet()) {
            int index = indexOf(weight.getKey());
            runs.put(index, (from, end, step) -> {
                List<Source> inside = weight.getValue().stream()
                        .filter(source -> source.from() < end && from < source.end())
                        .toList();
                if (vector.isCombined()) {
                    forEachRun(index, inside, step);
                } else {
                    for (Source source : inside) {
                        step.take(new Addition(
                                index, source.from(), source.values().read()));
                    }
                }
            });
        }
        return runs;
    }

    private void forEachBlock(String piece, Addition.Step step) throws RejectedException, IOException {
        try (TaskVectorFile file = stored(() -> TaskVectorFile.open(store.get(piece)))) {
            for (TaskVectorFile.Entry entry : file.blocks()) {
                PrunedBlock values = stored(() -> file.read(entry));
                for (String key : entry.weights()) {
                    if (!Transposed.isMarked(key)) {
                        step.take(new Addition(indexOf(key), entry.from(), values));
                    }
                }
            }
        }
    }

    /** A block of a piece: the how manieth piece, and the factor that it is to be read with. */
    private record Stored(int order, String piece, TaskVectorFile.Entry block, double factor) {
        long end() {
            return block.from() + block.numel();
        }

        boolean overlaps(Stored other) {
            return block.from() < other.end() && other.block.from() < end();
        }
    }

    /** A run of a weight's elements, the factor that it is to be read with, and its place among those of other experts. */
    private record Source(int order, long from, long end, double factor, Values values) {
        @FunctionalInterface
        interface Values {
            PrunedBlock read() throws IOException;
        }

        boolean covers(long element) {
            return from <= element && element < end;
        }
    }

    /** All blocks, by key, {@link Transposed marked} or not. */
    private Map<String, List<Stored>> blocks(TaskVector vector) throws IOException {
        Map<String, List<Stored>> byKey = new TreeMap<>();
        for (int i = 0; i < vector.pieces().size(); i++) {
            String piece = vector.pieces().get(i);
            try (TaskVectorFile file = stored(() -> TaskVectorFile.open(store.get(piece)))) {
                for (TaskVectorFile.Entry block : file.blocks()) {
                    Stored stored = new Stored(i, piece, block, vector.factor(i));
                    block.weights().forEach(key -> byKey.computeIfAbsent(key, absent -> new ArrayList<>())
                            .add(stored));
                }
            }
        }
        return byKey;
    }

    private Map<String, List<Source>> sources(Map<String, List<Stored>> blocks) throws IOException {
        Map<String, List<Source>> byWeight = new TreeMap<>();
        for (Map.Entry<String, List<Stored>> weight : blocks.entrySet()) {
            boolean isTransposed = Transposed.isMarked(weight.getKey());
            String key = isTransposed ? Transposed.key(weight.getKey()) : weight.getKey();
            List<Source> sources = byWeight.computeIfAbsent(key, absent -> new ArrayList<>());
            if (isTransposed) {
                sources.addAll(transposes(indexOf(key), weight.getValue()));
            } else {
                for (Stored stored : weight.getValue()) {
                    sources.add(new Source(
                            stored.order(), stored.block().from(), stored.end(), stored.factor(), () -> read(stored)));
                }
            }
        }
        byWeight.values().forEach(sources -> sources.sort(Comparator.comparingInt(Source::order)));
        return byWeight;
    }

    /** The runs of a weight, as they would lie in blocks of their own, of the blocks of its transpose; those of each expert for themselves. */
    private List<Source> transposes(int index, List<Stored> blocks) {
        List<List<Stored>> experts = new ArrayList<>();
        for (Stored block : blocks) {
            boolean isNew = experts.isEmpty()
                    || experts.get(experts.size() - 1).stream()
                            .anyMatch(other -> other.factor() != block.factor() || other.overlaps(block));
            if (isNew) {
                experts.add(new ArrayList<>());
            }
            experts.get(experts.size() - 1).add(block);
        }
        TensorInfo tensor = weights.get(index).tensor();
        List<Source> sources = new ArrayList<>();
        for (List<Stored> expert : experts) {
            for (Run run : Run.cut(tensor.numel(), PrunePlan.RUN_ELEMENTS)) {
                TransposedRun transposed =
                        new TransposedRun(tensor.shape().get(0), tensor.shape().get(1), run.from(), run.count());
                List<Stored> inside = expert.stream()
                        .filter(block -> transposed.has(block.block().from(), block.end()))
                        .toList();
                if (!inside.isEmpty()) {
                    sources.add(new Source(
                            inside.get(0).order(),
                            run.from(),
                            run.from() + run.count(),
                            inside.get(0).factor(),
                            () -> transposed(transposed, inside)));
                }
            }
        }
        return sources;
    }

    private PrunedBlock transposed(TransposedRun run, List<Stored> blocks) throws IOException {
        float[] values = run.zeros();
        for (Stored block : blocks) {
            run.take(read(block), block.block().from(), values);
        }
        return TransposedRun.block(values);
    }

    /** Goes through the runs of a weight that one and the same blocks cover, in the order of their elements. */
    private void forEachRun(int index, List<Source> sources, Addition.Step step) throws RejectedException, IOException {
        SortedSet<Long> ends = new TreeSet<>();
        sources.forEach(source -> {
            ends.add(source.from());
            ends.add(source.end());
        });
        Map<Source, PrunedBlock> open = new IdentityHashMap<>();
        List<Long> cuts = List.copyOf(ends);
        for (int i = 0; i + 1 < cuts.size(); i++) {
            long from = cuts.get(i);
            List<CombinedBlock.Term> terms = new ArrayList<>();
            open.keySet().removeIf(source -> !source.covers(from));
            for (Source source : sources) {
                if (source.covers(from)) {
                    PrunedBlock block = open.containsKey(source)
                            ? open.get(source)
                            : source.values().read();
                    open.put(source, block);
                    terms.add(new CombinedBlock.Term(block, (int) (from - source.from()), source.factor()));
                }
            }
            if (!terms.isEmpty()) {
                step.take(new Addition(index, from, CombinedBlock.of(terms, (int) (cuts.get(i + 1) - from))));
            }
        }
    }

    private PrunedBlock read(Stored block) throws IOException {
        try (TaskVectorFile file = stored(() -> TaskVectorFile.open(store.get(block.piece())))) {
            return stored(() -> file.read(block.block()));
        }
    }

    private static <T> T stored(WorkPool.Part<T> read) throws IOException {
        try {
            return read.run();
        } catch (RejectedException e) {
            throw new IOException("The store's copy of a task vector is damaged: " + e.getMessage(), e);
        }
    }

    private int indexOf(String key) throws IOException {
        Integer index = indexOf.get(key);
        if (index == null) {
            throw new IOException(
                    "A task vector in the store is for a weight " + key + " that the base does not have.");
        }
        return index;
    }
}
