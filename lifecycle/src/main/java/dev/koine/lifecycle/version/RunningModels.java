package dev.koine.lifecycle.version;

import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.merge.Member;
import dev.koine.engine.merge.RunningModel;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.lifecycle.input.StoredBundles;
import dev.koine.schemas.MergedExpert;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The running totals that one Head task holds, one per model. They are a cache of what state and store say: after a failure, or
 * when a model moves to another TaskManager, they are made again from the experts inside, to the same bytes.
 */
public final class RunningModels implements AutoCloseable {
    private final ArtifactStore store;
    private final WorkPool pool;
    private final Path scratch;
    private final Map<String, RunningModel> models = new HashMap<>();

    /** @param scratch a directory for totals */
    public RunningModels(ArtifactStore store, WorkPool pool, Path scratch) {
        this.store = store;
        this.pool = pool;
        this.scratch = scratch;
    }

    /**
     * The running model with exactly these experts inside.
     *
     * @param base digest of the registered base in the store
     */
    RunningModel get(String modelId, String base, Recipe recipe, Contents inside) throws IOException {
        StoredBundles.touch(store, base);
        @Nullable RunningModel model = models.get(modelId);
        if (model == null) {
            model = rebuild(base, recipe, inside.experts());
            models.put(modelId, model);
        }
        return model;
    }

    private RunningModel rebuild(String base, Recipe recipe, List<MergedExpert> inside) throws IOException {
        ModelBundle index = StoredBundles.open(store, base);
        List<Member> members = inside.stream().map(RunningModels::member).toList();
        try {
            return RunningModel.restore(index, recipe, store, scratch, pool, members);
        } catch (RejectedException e) {
            throw new IOException("What was merged before is refused now; something in the store is damaged.", e);
        }
    }

    /** Lets go of totals that a change has left half done; the next {@link #get} makes them again. */
    void forget(String modelId) throws IOException {
        @Nullable RunningModel model = models.remove(modelId);
        if (model != null) {
            model.close();
        }
    }

    static Member member(MergedExpert expert) {
        return new Member(expert.getTaskVectorDigest(), expert.getWeight());
    }

    @Override
    public void close() throws IOException {
        for (RunningModel model : models.values()) {
            model.close();
        }
        models.clear();
    }
}
