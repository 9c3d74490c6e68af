package dev.koine.engine.merge;

import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.BundleFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Versions of one base and recipe, for whoever is told what is inside and at which scale, as a service is by an update: the bytes are those that the job writes.
 * What is added up stays in a file, so that a version costs what is new in it; heap does not grow with the model. Not safe for use by several threads at
 * once; it spreads its own work over the {@link WorkPool}.
 */
public interface ComputedModel extends AutoCloseable {
    /**
     * Opens the line of a base and a recipe.
     *
     * @param base digest of the base in the store
     * @param store where the base and its task vectors are
     * @param directory of this alone, for what is added up; of a method that is a sum it stays there when this is closed, and is gone on with. A damaged file shows in its
     *     checksums, and is made again
     * @throws RejectedException as {@link RunningModel#open}
     */
    static ComputedModel open(String base, Recipe recipe, ArtifactStore store, Path directory, WorkPool pool)
            throws RejectedException, IOException {
        ModelBundle model = ModelBundle.open(store.bundle(base));
        return recipe.method().isSum()
                ? OnePassModel.open(model, base, store, directory, pool)
                : TwoStepModel.open(model, recipe, store, directory, pool);
    }

    /** Takes away what a process that was killed left in a directory of {@link #open}, but for what can be gone on with. */
    static void removeLeftOvers(Path directory) throws IOException {
        try (Stream<Path> paths = Files.list(directory)) {
            for (Path path : (Iterable<Path>) paths::iterator) {
                if (!KeptTotals.isKept(path.getFileName().toString())) {
                    FileTree.delete(path);
                }
            }
        }
    }

    /**
     * Writes a version as a bundle and forces its files to the disk. After a failure what is added up is undefined, and this is to be closed.
     *
     * @param members what is inside, each as often as it is
     * @param scale of the merged delta
     * @param target an empty directory
     * @return the files, with their digests
     * @throws RejectedException if it cannot be made of these members
     * @throws IOException if disk or store have trouble
     */
    List<BundleFile> write(List<Member> members, double scale, Path target) throws RejectedException, IOException;

    @Override
    void close() throws IOException;
}
