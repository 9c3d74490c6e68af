package dev.koine.engine.merge;

import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.taskvector.CombinedBlock;
import dev.koine.engine.taskvector.PrunedBlock;
import dev.koine.engine.taskvector.TaskVectorFile;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.util.ArrayList;
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
    private final Map<String, Integer> indexOf = new HashMap<>();

    TaskVectorReader(List<Weight> weights, ArtifactStore store) {
        this.store = store;
        for (int i = 0; i < weights.size(); i++) {
            indexOf.put(weights.get(i).key(), i);
        }
    }

    /**
     * The additions of a task vector, in parts that threads can take: of an expert's, one a piece; of a combination, one a weight, whose
     * blocks are summed there.
     *
     * @param digest of a {@link TaskVector}
     */
    List<Addition.Part> parts(String digest) throws IOException {
        TaskVector vector = TaskVector.get(store, digest);
        List<Addition.Part> parts = new ArrayList<>();
        if (vector.isCombined()) {
            for (Map.Entry<String, List<Source>> weight : sources(vector).entrySet()) {
                int index = indexOf(weight.getKey());
                parts.add(step -> forEachRun(index, weight.getValue(), step));
            }
        } else {
            for (String piece : vector.pieces()) {
                parts.add(step -> forEachBlock(piece, step));
            }
        }
        return parts;
    }

    private void forEachBlock(String piece, Addition.Step step) throws RejectedException, IOException {
        try (TaskVectorFile file = stored(() -> TaskVectorFile.open(store.get(piece)))) {
            for (TaskVectorFile.Entry entry : file.blocks()) {
                PrunedBlock values = stored(() -> file.read(entry));
                for (String key : entry.weights()) {
                    step.take(new Addition(indexOf(key), entry.from(), values));
                }
            }
        }
    }

    /** A block of a piece, and the factor that it is to be read with. */
    private record Source(String piece, TaskVectorFile.Entry block, double factor) {
        long end() {
            return block.from() + block.numel();
        }

        boolean covers(long from) {
            return block.from() <= from && from < end();
        }
    }

    private Map<String, List<Source>> sources(TaskVector vector) throws IOException {
        Map<String, List<Source>> byWeight = new TreeMap<>();
        for (int i = 0; i < vector.pieces().size(); i++) {
            String piece = vector.pieces().get(i);
            try (TaskVectorFile file = stored(() -> TaskVectorFile.open(store.get(piece)))) {
                for (TaskVectorFile.Entry block : file.blocks()) {
                    Source source = new Source(piece, block, vector.factor(i));
                    block.weights().forEach(key -> byWeight.computeIfAbsent(key, absent -> new ArrayList<>())
                            .add(source));
                }
            }
        }
        return byWeight;
    }

    /** Goes through the runs of a weight that one and the same blocks cover, in the order of their elements. */
    private void forEachRun(int index, List<Source> sources, Addition.Step step) throws RejectedException, IOException {
        SortedSet<Long> ends = new TreeSet<>();
        sources.forEach(source -> {
            ends.add(source.block().from());
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
                    PrunedBlock block = open.containsKey(source) ? open.get(source) : read(source);
                    open.put(source, block);
                    terms.add(new CombinedBlock.Term(
                            block, (int) (from - source.block().from()), source.factor()));
                }
            }
            if (!terms.isEmpty()) {
                step.take(new Addition(index, from, CombinedBlock.of(terms, (int) (cuts.get(i + 1) - from))));
            }
        }
    }

    private PrunedBlock read(Source source) throws IOException {
        try (TaskVectorFile file = stored(() -> TaskVectorFile.open(store.get(source.piece())))) {
            return stored(() -> file.read(source.block()));
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
