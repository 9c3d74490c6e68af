package dev.koine.subscriber;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.WorkPool;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.merge.ComputedModel;
import dev.koine.engine.merge.Member;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.events.Recipes;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Versions as the merge job makes them, from the base and task vectors. The totals of the one before stay in a file, also when the process ends, so that the next costs
 * what is new in it; heap does not grow with the model.
 */
final class ComputedVersions implements AutoCloseable {
    private final Path scratch;
    private final WorkPool pool;
    private @Nullable Line line;

    private record Line(String base, Recipe recipe, ComputedModel model) {}

    /** @param scratch a folder of its own for totals; what an earlier owner left there is gone on with */
    static ComputedVersions open(Path scratch, WorkPool pool) throws IOException {
        Files.createDirectories(scratch);
        ComputedModel.removeLeftOvers(scratch);
        return new ComputedVersions(scratch, pool);
    }

    private ComputedVersions(Path scratch, WorkPool pool) {
        this.scratch = scratch;
        this.pool = pool;
    }

    /**
     * Writes a version, forced to the disk, and holds it against what is announced.
     *
     * @param bundle what is announced
     * @param base digest of the base in the store
     * @param target an empty directory
     * @throws RejectedException if it cannot be made of what the update says, or is another
     * @throws IOException if something is wrong with disk or store
     */
    void write(ModelUpdate update, Bundle bundle, String base, ArtifactStore store, Path target)
            throws IOException, RejectedException {
        List<Member> members = update.getExperts().stream()
                .map(expert -> new Member(expert.getTaskVectorDigest(), expert.getWeight()))
                .toList();
        Double scale = update.getScale();
        try {
            require(bundle, line(update, base, store).model().write(members, scale == null ? 1 : scale, target));
        } catch (RejectedException | IOException | RuntimeException e) {
            clear();
            throw e;
        }
    }

    private Line line(ModelUpdate update, String base, ArtifactStore store) throws IOException, RejectedException {
        Line open = line;
        if (open == null || !open.base().equals(base) || !open.recipe().equals(update.getRecipe())) {
            close();
            open = new Line(
                    base,
                    update.getRecipe(),
                    ComputedModel.open(base, Recipes.fromAvro(update.getRecipe()), store, scratch, pool));
            line = open;
        }
        return open;
    }

    private static void require(Bundle bundle, List<BundleFile> written) throws RejectedException {
        for (BundleFile file : bundle.files()) {
            if (!written.contains(file)) {
                throw new RejectedException(
                        RejectionCode.DIGEST_MISMATCH,
                        "The file '" + file.path() + "' that was computed is not the one that the update lists ("
                                + file.sha256()
                                + "). The base, a task vector, or the update is not what it was: fetch the whole version instead.");
            }
        }
    }

    /** Lets go of all totals. */
    void clear() throws IOException {
        close();
        FileTree.clear(scratch);
    }

    @Override
    public void close() throws IOException {
        Line last = line;
        line = null;
        if (last != null) {
            last.model().close();
        }
    }
}
