package dev.koine.engine.merge;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** For methods that are no sums: members go into a {@link RunningModel}, and then it is written. */
final class TwoStepModel implements ComputedModel {
    private final ModelBundle base;
    private final Recipe recipe;
    private final ArtifactStore store;
    private final Path scratch;
    private final WorkPool pool;
    private @Nullable RunningModel running;
    private List<Member> inside = List.of();

    /** As {@link ComputedModel#open}; what is in the directory goes. */
    static TwoStepModel open(ModelBundle base, Recipe recipe, ArtifactStore store, Path scratch, WorkPool pool)
            throws IOException {
        FileTree.clear(scratch);
        return new TwoStepModel(base, recipe, store, scratch, pool);
    }

    private TwoStepModel(ModelBundle base, Recipe recipe, ArtifactStore store, Path scratch, WorkPool pool) {
        this.base = base;
        this.recipe = recipe;
        this.store = store;
        this.scratch = scratch;
        this.pool = pool;
    }

    @Override
    public List<BundleFile> write(List<Member> members, double scale, Path target)
            throws RejectedException, IOException {
        holding(members).write(target, Scales.fixed(scale), Progress.NONE);
        List<BundleFile> files = Bundle.describe(target, pool.executor()).files();
        for (Path file : FileTree.files(target)) {
            FileTree.force(file);
        }
        return files;
    }

    private RunningModel holding(List<Member> members) throws RejectedException, IOException {
        RunningModel model = running;
        if (model == null || !change(model, members)) {
            close();
            model = RunningModel.restore(base, recipe, store, scratch, pool, members);
            running = model;
        }
        inside = List.copyOf(members);
        return model;
    }

    /** Whether the model has these members inside now; members whose sum leaves its range on the way are added up anew. */
    private boolean change(RunningModel model, List<Member> members) throws IOException {
        try {
            for (Member member : Member.without(inside, members)) {
                model.subtract(member);
            }
            for (Member member : Member.without(members, inside)) {
                model.add(member);
            }
            return true;
        } catch (RejectedException e) {
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        RunningModel last = running;
        running = null;
        if (last != null) {
            last.close();
        }
    }
}
