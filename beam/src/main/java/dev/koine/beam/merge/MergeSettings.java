package dev.koine.beam.merge;

import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.merge.OfflineMerge;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.LocalStore;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;

/**
 * What every worker of a merge is told.
 *
 * @param base folder with the base
 * @param store folder of the store that the result goes to
 * @param sliceElements how many elements of a tensor are added up as one value of a pipeline, at most
 * @param run names the folder in the store that holds what is on its way; no other merge has it
 */
public record MergeSettings(String base, String store, RecipeText recipe, int sliceElements, String run)
        implements Serializable {

    /** The base's index, checked as {@code koine merge} checks it. */
    ModelBundle openBase() throws RejectedException, IOException {
        return Input.base(base).read(() -> {
            ModelBundle opened = ModelBundle.openWithoutStrays(Path.of(base));
            opened.requireFloat("base");
            opened.requireFetched();
            return opened;
        });
    }

    /** The recipe, if a merge without evaluation sets, in slices that know nothing of one another, can follow it. */
    Recipe openRecipe() throws RejectedException {
        Recipe parsed = recipe.recipe();
        OfflineMerge.requireOffline(parsed);
        if (parsed.method().isWeighed()) {
            throw new RejectedException(
                    RejectionCode.INVALID_EVENT,
                    "The method " + parsed.method().name()
                            + " weighs by statistics, which KoineMerge does not take. Send the experts to the merge job with KoineSubmit, or"
                            + " merge with koine merge.");
        }
        return parsed;
    }

    LocalStore openStore() throws IOException {
        return LocalStore.open(Path.of(store));
    }

    /** Where pieces and totals lie until the model is written. */
    LocalStore openScratch() throws IOException {
        return LocalStore.open(scratch());
    }

    /** Does nothing where there is none any more. */
    void deleteScratch() throws IOException {
        FileTree.delete(scratch());
    }

    /** Among what the store has unfinished, so that what a killed pipeline leaves is found there and taken away. */
    private Path scratch() {
        return Path.of(store).resolve("aside").resolve("beam-" + run);
    }
}
