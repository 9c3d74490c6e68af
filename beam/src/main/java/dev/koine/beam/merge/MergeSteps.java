package dev.koine.beam.merge;

import dev.koine.engine.linalg.Grid;
import java.util.Map;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.DoubleCoder;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.transforms.Combine;
import org.apache.beam.sdk.transforms.GroupByKey;
import org.apache.beam.sdk.transforms.Impulse;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.Reshuffle;
import org.apache.beam.sdk.transforms.View;
import org.apache.beam.sdk.transforms.WithKeys;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.PCollectionView;
import org.apache.beam.sdk.values.TupleTagList;
import org.apache.beam.sdk.values.TypeDescriptors;

/**
 * The steps of a merge.
 *
 * <pre>
 *   experts ── plan ── prune ──┬── addends ── sum by slice ── keep ──┐
 *                              └── pieces ─── task vectors ──────────┼── write ── clean
 *   base ───── grids ──────────────────────────────────────────────  ┘
 * </pre>
 */
public final class MergeSteps extends PTransform<PCollection<MergeExpert>, PCollection<MergedModel>> {
    private static final long serialVersionUID = 1L;
    private static final Coder<KV<String, Long>> SLICE = KvCoder.of(StringUtf8Coder.of(), VarLongCoder.of());

    private final MergeSettings settings;
    private final int fanout;

    /** @param fanout how many workers add up one slice before one of them has all of it; 1 for one */
    public MergeSteps(MergeSettings settings, int fanout) {
        this.settings = settings;
        this.fanout = fanout;
    }

    @Override
    public PCollection<MergedModel> expand(PCollection<MergeExpert> experts) {
        Pipeline pipeline = experts.getPipeline();
        PCollectionView<Map<String, Grid>> grids = pipeline.apply("Base", Impulse.create())
                .apply("Grids", ParDo.of(new GridsFn(settings)))
                .setCoder(KvCoder.of(StringUtf8Coder.of(), new GridCoder()))
                .apply("GridOf", View.asMap());
        PCollectionTuple pruned = experts.apply(
                        "Name",
                        WithKeys.<String, MergeExpert>of(expert -> expert.expert)
                                .withKeyType(TypeDescriptors.strings()))
                .apply("ByName", GroupByKey.create())
                .apply("Plan", ParDo.of(new PlanFn(settings)))
                .setCoder(new PlannedTaskCoder())
                .apply("Spread", Reshuffle.viaRandomKey())
                .apply(
                        "Prune",
                        ParDo.of(new PruneFn(settings, grids))
                                .withSideInputs(grids)
                                .withOutputTags(PruneFn.ADDENDS, TupleTagList.of(PruneFn.PIECES)));
        PCollectionView<Iterable<KV<String, Double>>> members = pruned.get(PruneFn.PIECES)
                .setCoder(KvCoder.of(StringUtf8Coder.of(), new Piece.PieceCoder()))
                .apply("ByExpert", GroupByKey.create())
                .apply("TaskVector", ParDo.of(new MemberFn(settings)))
                .setCoder(KvCoder.of(StringUtf8Coder.of(), DoubleCoder.of()))
                .apply("Members", View.asIterable());
        PCollectionView<Iterable<KV<KV<String, Long>, String>>> slices = pruned.get(PruneFn.ADDENDS)
                .setCoder(KvCoder.of(SLICE, new SliceTotalsCoder()))
                .apply("Sum", sum())
                .setCoder(KvCoder.of(SLICE, new SliceTotalsCoder()))
                .apply("Keep", ParDo.of(new KeepFn(settings, grids)).withSideInputs(grids))
                .setCoder(KvCoder.of(SLICE, StringUtf8Coder.of()))
                .apply("Slices", View.asIterable());
        return pipeline.apply("Once", Impulse.create())
                .apply(
                        "Write",
                        ParDo.of(new WriteFn(settings, grids, members, slices)).withSideInputs(grids, members, slices))
                .apply("Written", Reshuffle.viaRandomKey())
                .apply("Clean", ParDo.of(new CleanFn(settings)));
    }

    private PTransform<PCollection<KV<KV<String, Long>, SliceTotals>>, PCollection<KV<KV<String, Long>, SliceTotals>>>
            sum() {
        Combine.PerKey<KV<String, Long>, SliceTotals, SliceTotals> sum = Combine.perKey(new SumFn());
        return fanout > 1 ? sum.withHotKeyFanout(fanout) : sum;
    }
}
