package dev.koine.beam;

import dev.koine.beam.merge.MergeExpert;
import dev.koine.beam.merge.MergeSettings;
import dev.koine.beam.merge.MergeSteps;
import dev.koine.beam.merge.MergedModel;
import dev.koine.beam.merge.RecipeText;
import dev.koine.engine.merge.recipe.Recipe;
import java.util.UUID;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.windowing.GlobalWindows;
import org.apache.beam.sdk.transforms.windowing.Window;
import org.apache.beam.sdk.values.PCollection;
import org.apiguardian.api.API;

/**
 * Merges a bounded collection of experts into a base, on any runner. The digest of the result is the one that {@code koine merge} prints
 * for the same base, experts and recipe, however the runner cuts, orders and repeats the work.
 *
 * <pre>{@code
 * pipeline.apply(Create.of(MergeExpert.of("ca", "/models/whisper-ca"), MergeExpert.of("de", "/models/whisper-de")))
 *         .apply(KoineMerge.of("/models/whisper-base", "/koine/store"));
 * }</pre>
 *
 * <p>Base, experts and store are folders that every worker has under the same path. Pruning is spread over (expert, tensor), adding up over
 * slices of tensors; one worker writes the model at the end. No worker has a model in memory: pruning takes three times one matrix, a value
 * on its way 8 bytes an element of a slice (131,072 elements, so 1 MiB) for each sum that the method keeps.
 *
 * <p>An expert or a base that is refused fails the pipeline with {@link dev.koine.engine.RejectedException} and leaves no model: a merge
 * without one of its experts is another model.
 */
@API(status = API.Status.EXPERIMENTAL)
public final class KoineMerge extends PTransform<PCollection<MergeExpert>, PCollection<MergedModel>> {
    private static final long serialVersionUID = 1L;
    private static final int SLICE_ELEMENTS = 1 << 17;

    private final String base;
    private final String store;
    private final RecipeText recipe;
    private final int fanout;
    private final int sliceElements;

    private KoineMerge(String base, String store, RecipeText recipe, int fanout, int sliceElements) {
        this.base = base;
        this.store = store;
        this.recipe = recipe;
        this.fanout = fanout;
        this.sliceElements = sliceElements;
    }

    /**
     * A merge with {@link Recipe#DEFAULT}.
     *
     * @param base folder with the base
     * @param store folder of a store, made if it is not there; the result lies in its {@code bundles} under its digest. Not the merge job's
     *     store: {@code koine gc} takes away there what no version refers to
     */
    public static KoineMerge of(String base, String store) {
        return new KoineMerge(base, store, RecipeText.of(Recipe.DEFAULT), 1, SLICE_ELEMENTS);
    }

    /** This with another recipe. */
    public KoineMerge withRecipe(Recipe other) {
        return withRecipe(RecipeText.of(other));
    }

    /** This with another recipe. */
    public KoineMerge withRecipe(RecipeText other) {
        return new KoineMerge(base, store, other, fanout, sliceElements);
    }

    /**
     * This with another number of workers that add up one slice before one of them has all of it: for hundreds of experts, whose addends to
     * one slice would otherwise all go to one worker.
     */
    public KoineMerge withHotKeyFanout(int workers) {
        return new KoineMerge(base, store, recipe, workers, sliceElements);
    }

    /** For tests, whose models are small. Has to divide the length of the runs that dense tensors are cut into, 2<sup>22</sup>. */
    KoineMerge withSliceElements(int elements) {
        return new KoineMerge(base, store, recipe, fanout, elements);
    }

    @Override
    public PCollection<MergedModel> expand(PCollection<MergeExpert> experts) {
        if (experts.isBounded() == PCollection.IsBounded.UNBOUNDED) {
            throw new IllegalArgumentException(
                    "KoineMerge takes a bounded collection of experts. Send an endless one to the merge job with KoineSubmit.");
        }
        MergeSettings settings = new MergeSettings(
                base, store, recipe, sliceElements, UUID.randomUUID().toString());
        return experts.apply("All", Window.into(new GlobalWindows())).apply(new MergeSteps(settings, fanout));
    }
}
