package dev.koine.beam.merge;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.WorkPool;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.merge.Member;
import dev.koine.engine.merge.Scales;
import dev.koine.engine.merge.SummedModel;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.total.Written;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.LocalStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollectionView;

/** Resolves the scale and writes the model to the store: one worker, chunk by chunk, when all totals are there. */
final class WriteFn extends DoFn<byte[], MergedModel> {
    private static final long serialVersionUID = 1L;
    private final MergeSettings settings;
    private final PCollectionView<Map<String, Grid>> grids;
    private final PCollectionView<Iterable<KV<String, Double>>> members;
    private final PCollectionView<Iterable<KV<KV<String, Long>, String>>> slices;

    WriteFn(
            MergeSettings settings,
            PCollectionView<Map<String, Grid>> grids,
            PCollectionView<Iterable<KV<String, Double>>> members,
            PCollectionView<Iterable<KV<KV<String, Long>, String>>> slices) {
        this.settings = settings;
        this.grids = grids;
        this.members = members;
        this.slices = slices;
    }

    @ProcessElement
    public void write(ProcessContext context) throws RejectedException, IOException {
        ModelBundle base = settings.openBase();
        Recipe recipe = settings.openRecipe();
        LocalStore scratch = settings.openScratch();
        Map<String, Grid> gridOf = context.sideInput(grids);
        List<Grid> ordered = base.weights().stream()
                .map(weight -> Objects.requireNonNull(gridOf.get(weight.key()), weight.key()))
                .toList();
        List<Member> inside = new ArrayList<>();
        context.sideInput(members).forEach(member -> inside.add(new Member(member.getKey(), member.getValue())));
        if (inside.isEmpty()) {
            throw new RejectedException(
                    RejectionCode.INVALID_EVENT,
                    "There is no expert to merge: the collection is empty. Give one expert or more.");
        }
        SliceFiles sums = new SliceFiles(scratch, base.weights(), settings.sliceElements(), context.sideInput(slices));
        try (SummedModel model = SummedModel.open(base, recipe, scratch, WorkPool.inCaller(), ordered, sums, inside)) {
            Scales scales = model.scales();
            Written[] written = {Written.NOTHING};
            Bundle bundle = settings.openStore()
                    .<RejectedException>putBundle(target -> written[0] = model.write(target, sums.changed(), scales));
            OptionalDouble share = written[0].share();
            context.output(new MergedModel(
                    bundle.digest(),
                    bundle.uri().toString(),
                    inside.size(),
                    scales.overall(),
                    share.isPresent() ? share.getAsDouble() : null,
                    written[0].raised()));
        }
    }
}
