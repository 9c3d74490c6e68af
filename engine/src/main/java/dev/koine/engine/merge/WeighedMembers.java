package dev.koine.engine.merge;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.linalg.SymmetricSolver;
import dev.koine.engine.merge.total.MatrixDeltas;
import dev.koine.engine.merge.weighed.GramSum;
import dev.koine.engine.merge.weighed.StatisticsCheck;
import dev.koine.engine.merge.weighed.WeighedSums;
import dev.koine.engine.merge.weighed.WeighedSums.TaskVectorRuns;
import dev.koine.engine.statistics.LowRankGram;
import dev.koine.engine.statistics.Statistics;
import dev.koine.engine.store.ArtifactStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The members of a model whose matrices are weighed by statistics: what each adds to {@link WeighedSums}, and what these come to. */
final class WeighedMembers implements MatrixDeltas, AutoCloseable {
    private static final double LARGEST_FACTOR = 1e6;

    private final WeighedSums sums;
    private final TaskVectorReader vectors;
    private final ArtifactStore store;
    private final List<Member> inside;
    private final Solvers solvers = new Solvers();
    private final Map<String, Statistics> open = new HashMap<>();

    /** @param inside the members of the model as they change */
    WeighedMembers(WeighedSums sums, TaskVectorReader vectors, ArtifactStore store, List<Member> inside) {
        this.sums = sums;
        this.vectors = vectors;
        this.store = store;
        this.inside = inside;
    }

    /** What a member brings to all weights that multiply one layer input; shares nothing with other parts. */
    interface Part {
        /** @param sign 1 to add, -1 to take out; all or nothing */
        void apply(int sign) throws RejectedException, IOException;

        /** As {@link #apply}, with sums that may leave their range on the way. */
        void applyModular(int sign) throws RejectedException, IOException;
    }

    /**
     * The parts of a member.
     *
     * @throws RejectedException NO_STATISTICS if it has none, TOTAL_OVERFLOW for a factor that makes no sense
     */
    List<Part> parts(Member member) throws RejectedException, IOException {
        TaskVector vector = TaskVector.get(store, member.taskVector());
        if (vector.statistics().isEmpty()) {
            throw StatisticsCheck.missing();
        }
        if (Math.abs(member.factor()) > LARGEST_FACTOR) {
            throw new RejectedException(
                    RejectionCode.TOTAL_OVERFLOW,
                    "The weight is " + member.factor()
                            + ", and statistics are weighed by a million at most. Lower it: 1 is an expert's,"
                            + " 0.25 enough to protect a language.");
        }
        Map<Integer, Addition.Part> weights = vectors.byWeight(vector);
        TaskVectorRuns runs = (index, step) -> {
            Addition.@Nullable Part part = weights.get(index);
            if (part != null) {
                part.forEach(addition -> step.take(addition.from(), addition.values()));
            }
        };
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < sums.inputs().size() && !weights.isEmpty(); i++) {
            int input = i;
            parts.add(new Part() {
                @Override
                public void apply(int sign) throws RejectedException, IOException {
                    if (sign > 0) {
                        sums.add(input, gram(vector.statistics(), input), runs, member.factor());
                    } else {
                        applyModular(sign);
                    }
                }

                @Override
                public void applyModular(int sign) throws RejectedException, IOException {
                    sums.addModular(input, gram(vector.statistics(), input), runs, member.factor(), sign);
                }
            });
        }
        return parts;
    }

    private LowRankGram gram(String statistics, int input) throws IOException {
        try {
            return opened(statistics).gram(sums.inputs().get(input));
        } catch (RejectedException e) {
            throw new IOException("The store's copy of statistics " + statistics + " is damaged: " + e.getMessage(), e);
        }
    }

    /** Each file is opened once: its header has a line for every layer. */
    private Statistics opened(String statistics) throws RejectedException, IOException {
        synchronized (open) {
            @Nullable Statistics file = open.get(statistics);
            if (file == null) {
                file = Statistics.open(store.bundle(statistics).resolve(Statistics.FILE));
                open.put(statistics, file);
            }
            return file;
        }
    }

    @Override
    public boolean has(int index) {
        return sums.inputOf(index).isPresent();
    }

    @Override
    public double[] of(int index) throws RejectedException, IOException {
        double @Nullable [] delta = sums.products(index);
        if (delta == null) {
            return new double[sums.numel(index)];
        }
        int input = sums.inputOf(index).orElseThrow();
        sums.solve(index, solvers.of(input, List.copyOf(inside), this::solver), delta);
        return delta;
    }

    private SymmetricSolver solver(int input, List<Member> members) throws RejectedException, IOException {
        List<WeighedBy> inOrder = new ArrayList<>();
        for (Member member : members) {
            String statistics = TaskVector.get(store, member.taskVector()).statistics();
            inOrder.add(new WeighedBy(statistics, Math.abs(member.factor())));
        }
        inOrder.sort(Comparator.comparing(WeighedBy::statistics).thenComparing(WeighedBy::weight));
        List<GramSum.Term> terms = new ArrayList<>();
        for (WeighedBy member : inOrder) {
            terms.add(new GramSum.Term(gram(member.statistics(), input), member.weight()));
        }
        return GramSum.solver(terms);
    }

    private record WeighedBy(String statistics, double weight) {}

    @Override
    public void close() throws IOException {
        for (Statistics file : open.values()) {
            file.close();
        }
        sums.close();
    }

    /** The solvers that were used last: those of query, key and value are one. Each is made by one thread. */
    private static final class Solvers {
        private static final int KEPT = 4;

        private final Map<Integer, Entry> kept = new LinkedHashMap<>(KEPT, 1, true);

        interface Making {
            SymmetricSolver make(int input, List<Member> members) throws RejectedException, IOException;
        }

        private static final class Entry {
            private List<Member> of = List.of();
            private @Nullable SymmetricSolver made;

            synchronized SymmetricSolver get(int input, List<Member> members, Making making)
                    throws RejectedException, IOException {
                @Nullable SymmetricSolver solver = made;
                if (solver == null || !of.equals(members)) {
                    solver = making.make(input, members);
                    made = solver;
                    of = members;
                }
                return solver;
            }
        }

        SymmetricSolver of(int input, List<Member> members, Making making) throws RejectedException, IOException {
            Entry entry;
            synchronized (kept) {
                entry = kept.computeIfAbsent(input, absent -> new Entry());
                if (kept.size() > KEPT) {
                    kept.remove(kept.keySet().iterator().next());
                }
            }
            return entry.get(input, members, making);
        }
    }
}
