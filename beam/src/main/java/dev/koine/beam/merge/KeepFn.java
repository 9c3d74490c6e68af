package dev.koine.beam.merge;

import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.store.LocalStore;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.util.Map;
import java.util.Objects;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollectionView;

/** Checks the totals of a slice and writes them to a file; from here on only its digest travels. */
final class KeepFn extends DoFn<KV<KV<String, Long>, SliceTotals>, KV<KV<String, Long>, String>> {
    private static final long serialVersionUID = 1L;
    private final MergeSettings settings;
    private final PCollectionView<Map<String, Grid>> grids;
    private transient Recipe recipe;
    private transient LocalStore scratch;

    KeepFn(MergeSettings settings, PCollectionView<Map<String, Grid>> grids) {
        this.settings = settings;
        this.grids = grids;
    }

    @Setup
    public void open() throws RejectedException, IOException {
        recipe = settings.openRecipe();
        scratch = settings.openScratch();
    }

    @ProcessElement
    public void keep(ProcessContext context) throws RejectedException, IOException {
        KV<String, Long> slice = context.element().getKey();
        SliceTotals totals = context.element().getValue();
        Grid grid = Objects.requireNonNull(context.sideInput(grids).get(slice.getKey()), slice.getKey());
        totals.requireInRange(recipe.method().accumulate(), grid, slice.getKey(), slice.getValue());
        String digest = scratch.put(file -> {
            try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16)) {
                new SliceTotalsCoder().encode(totals, out);
            }
        });
        context.output(KV.of(slice, digest));
    }
}
