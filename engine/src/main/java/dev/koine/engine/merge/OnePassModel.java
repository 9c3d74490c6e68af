package dev.koine.engine.merge;

import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.linalg.Scratch;
import dev.koine.engine.merge.total.Grids;
import dev.koine.engine.merge.total.Range;
import dev.koine.engine.merge.total.RangeTotals;
import dev.koine.engine.merge.total.Totals;
import dev.koine.engine.merge.total.WeightLaw;
import dev.koine.engine.onnx.BundleWriter;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.BundleFile;
import dev.koine.engine.tensor.Run;
import dev.koine.engine.tensor.TensorReader;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * For methods that are sums: one pass over the weights that experts change. Of each range totals and base are read once, what changed is added, totals and merged
 * weights are written once; files are hashed and forced to the disk while they grow.
 */
final class OnePassModel implements ComputedModel {
    private static final Logger LOG = LoggerFactory.getLogger(OnePassModel.class);

    private final ModelBundle base;
    private final List<Weight> weights;
    private final WorkPool pool;
    private final List<Grid> grids;
    private final List<TensorReader> readers;
    private final TaskVectorReader vectors;
    private final KeptTotals totals;
    /** Of the version that is being made. */
    private Scratch scratch = new Scratch();

    private OnePassModel(
            ModelBundle base,
            ArtifactStore store,
            WorkPool pool,
            List<Grid> grids,
            List<TensorReader> readers,
            KeptTotals totals) {
        this.base = base;
        this.weights = base.weights();
        this.pool = pool;
        this.grids = grids;
        this.readers = readers;
        this.vectors = new TaskVectorReader(weights, store);
        this.totals = totals;
    }

    /** As {@link ComputedModel#open}. */
    static OnePassModel open(ModelBundle base, String digest, ArtifactStore store, Path directory, WorkPool pool)
            throws RejectedException, IOException {
        List<Weight> weights = base.weights();
        List<Grid> grids = Grids.of(weights, pool);
        KeptTotals totals = KeptTotals.open(directory, digest, Totals.Tensor.of(weights, grids));
        try {
            return new OnePassModel(base, store, pool, grids, TensorReader.openAll(weights), totals);
        } catch (IOException | RuntimeException e) {
            totals.close();
            throw e;
        }
    }

    /** What a member adds to a weight, or takes from it for the sign -1. */
    private record Term(TaskVectorReader.Runs runs, double factor, int sign) {}

    @Override
    public List<BundleFile> write(List<Member> members, double scale, Path target)
            throws RejectedException, IOException {
        totals.begin();
        scratch = new Scratch();
        List<BundleFile> files;
        try {
            files = make(members, scale, target);
        } catch (KeptTotals.GarbledException e) {
            LOG.warn("Totals are added up anew: {}", e.getMessage());
            totals.clear();
            FileTree.clear(target);
            files = make(members, scale, target);
        }
        totals.finish(members);
        scratch = new Scratch();
        return files;
    }

    private List<BundleFile> make(List<Member> members, double scale, Path target)
            throws RejectedException, IOException {
        Map<Integer, List<Term>> terms = changes(members);
        Set<Integer> touched = new TreeSet<>(terms.keySet());
        totals.ranges().forEach(range -> touched.add(range.index()));
        try (GrowingBundle bundle = GrowingBundle.create(base, target, touched)) {
            List<WorkPool.Part<Boolean>> parts = new ArrayList<>();
            for (GrowingBundle.Piece piece : bundle.pieces()) {
                List<Term> ofPiece = terms.getOrDefault(piece.range().index(), List.of());
                parts.add(() -> {
                    make(piece.range(), ofPiece, scale, bundle.writer());
                    bundle.completed(piece);
                    return true;
                });
            }
            pool.runAll(parts);
            return bundle.finish(pool);
        }
    }

    /** By the index of the weight. */
    private Map<Integer, List<Term>> changes(List<Member> members) throws IOException {
        Map<Integer, List<Term>> terms = new TreeMap<>();
        try {
            for (Member member : Member.without(totals.members(), members)) {
                addTerms(member, -1, terms);
            }
        } catch (NoSuchFileException gone) {
            LOG.info("Totals are added up anew: what is to be taken out is not here any more ({}).", gone.getFile());
            totals.clear();
            return changes(members);
        }
        for (Member member : Member.without(members, totals.members())) {
            addTerms(member, 1, terms);
        }
        return terms;
    }

    private void addTerms(Member member, int sign, Map<Integer, List<Term>> terms) throws IOException {
        vectors.runs(member.taskVector())
                .forEach((index, runs) -> terms.computeIfAbsent(index, absent -> new ArrayList<>())
                        .add(new Term(runs, member.factor(), sign)));
    }

    private void make(Range range, List<Term> terms, double scale, BundleWriter writer)
            throws RejectedException, IOException {
        Weight weight = weights.get(range.index());
        RangeTotals sums = new RangeTotals(range, grids.get(range.index()), weight.key(), scratch);
        float[] values = scratch.floats(Run.CHUNK);
        if (totals.has(range)) {
            totals.read(range, sums);
        } else {
            sums.clear();
        }
        for (Term term : terms) {
            term.runs()
                    .forEach(
                            range.from(),
                            range.from() + range.count(),
                            addition ->
                                    sums.add(addition.from(), addition.values(), term.factor(), term.sign(), values));
        }
        if (!terms.isEmpty()) {
            totals.write(range, sums);
        }
        merge(range, sums, scale, values, writer);
        scratch.release(values);
        sums.release(scratch);
    }

    private void merge(Range range, RangeTotals sums, double scale, float[] values, BundleWriter writer)
            throws RejectedException, IOException {
        Weight weight = weights.get(range.index());
        WeightLaw law = new WeightLaw(weight, grids.get(range.index()), scale, true);
        float[] before = scratch.floats(Run.CHUNK);
        for (Run chunk : Run.chunks(range.count())) {
            long from = range.from() + chunk.from();
            readers.get(range.index()).read(from, values, 0, chunk.count());
            System.arraycopy(values, 0, before, 0, law.isLookedAt() ? chunk.count() : 0);
            sums.merge(values, chunk.at(), chunk.count(), scale);
            if (law.isLookedAt()) {
                law.hold(from, before, values, 0, chunk.count());
            }
            writer.write(weight, from, values, 0, chunk.count());
        }
        scratch.release(before);
    }

    @Override
    public void close() throws IOException {
        readers.forEach(TensorReader::close);
        totals.close();
    }
}
