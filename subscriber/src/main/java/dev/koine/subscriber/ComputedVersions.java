package dev.koine.subscriber;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.merge.Member;
import dev.koine.engine.merge.RunningModel;
import dev.koine.engine.merge.Scales;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.events.Recipes;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Versions as the merge job makes them, from the base and task vectors. The totals of the one before stay in a file, so that the next costs what is new in it;
 * heap does not grow with the model.
 */
final class ComputedVersions implements AutoCloseable {
    private final Path scratch;
    private final WorkPool pool;
    private @Nullable Running running;

    private record Running(String base, Recipe recipe, RunningModel model, List<Member> members) {
        boolean isOf(String wanted, Recipe wantedRecipe) {
            return base.equals(wanted) && recipe.equals(wantedRecipe);
        }
    }

    /** @param scratch a folder of its own for totals; what an earlier owner left there goes */
    static ComputedVersions open(Path scratch, WorkPool pool) throws IOException {
        Files.createDirectories(scratch);
        FileTree.clear(scratch);
        return new ComputedVersions(scratch, pool);
    }

    private ComputedVersions(Path scratch, WorkPool pool) {
        this.scratch = scratch;
        this.pool = pool;
    }

    /**
     * Writes a version.
     *
     * @param base digest of the base in the store
     * @param target an empty directory
     * @throws RejectedException if it cannot be made of what the update says
     * @throws IOException if something is wrong with disk or store
     */
    void write(ModelUpdate update, String base, ArtifactStore store, Path target)
            throws IOException, RejectedException {
        List<Member> wanted = update.getExperts().stream()
                .map(expert -> new Member(expert.getTaskVectorDigest(), expert.getWeight()))
                .toList();
        Double scale = update.getScale();
        try {
            Running changed = changed(update, base, store, wanted);
            changed.model().write(target, Scales.fixed(scale == null ? 1 : scale), Progress.NONE);
        } catch (RejectedException | IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private Running changed(ModelUpdate update, String base, ArtifactStore store, List<Member> wanted)
            throws IOException, RejectedException {
        @Nullable Running before = running;
        if (before != null && before.isOf(base, update.getRecipe()) && changeTo(wanted, before)) {
            running = new Running(base, update.getRecipe(), before.model(), wanted);
        } else {
            close();
            running = new Running(
                    base,
                    update.getRecipe(),
                    RunningModel.restore(
                            ModelBundle.open(store.bundle(base)),
                            Recipes.fromAvro(update.getRecipe()),
                            store,
                            scratch,
                            pool,
                            wanted),
                    wanted);
        }
        return running;
    }

    /** Whether the totals have these members inside now; members whose sum leaves its range on the way are added up anew. */
    private static boolean changeTo(List<Member> wanted, Running before) throws IOException {
        List<Member> out = new ArrayList<>(before.members());
        wanted.forEach(out::remove);
        List<Member> in = new ArrayList<>(wanted);
        before.members().forEach(in::remove);
        try {
            for (Member member : out) {
                before.model().subtract(member);
            }
            for (Member member : in) {
                before.model().add(member);
            }
            return true;
        } catch (RejectedException e) {
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        @Nullable Running last = running;
        running = null;
        if (last != null) {
            last.model().close();
        }
    }
}
