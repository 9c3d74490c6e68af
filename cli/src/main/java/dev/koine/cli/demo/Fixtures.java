package dev.koine.cli.demo;

import dev.koine.engine.RejectedException;
import dev.koine.speech.evaluation.EvaluationSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The models and the held-out speech that the demonstration uses.
 *
 * <pre>
 * base/                    the base model
 * &lt;expert&gt;/                experts fine-tuned from it
 * trained/&lt;model&gt;/         base and an expert as the checkpoints that they were exported from
 * trained/&lt;expert&gt;-adapter/ a LoRA adapter
 * evaluation/&lt;language&gt;/   speech that none of them was trained on
 * training/&lt;language&gt;/     some that they were, for statistics
 * </pre>
 */
record Fixtures(Path directory) {

    /** Checks that there is something to show. */
    Fixtures requireThere() throws IOException {
        if (!Files.isDirectory(base())) {
            throw new IOException("There are no demonstration models in " + directory
                    + "; run koine from a clone of the repository, or name their folder with --fixtures.");
        }
        return this;
    }

    Path base() {
        return directory.resolve("base");
    }

    Path expert(String name) {
        return directory.resolve(name);
    }

    Path checkpoint(String model) {
        return directory.resolve("trained").resolve(model);
    }

    Path adapter(String expert) {
        return directory.resolve("trained").resolve(expert + "-adapter");
    }

    EvaluationSet evaluationSet(String language) throws IOException, RejectedException {
        return EvaluationSet.read(evaluationPlace(language));
    }

    Path evaluationPlace(String language) {
        return directory.resolve("evaluation").resolve(language);
    }

    EvaluationSet trainingSet(String language) throws IOException, RejectedException {
        return EvaluationSet.read(directory.resolve("training").resolve(language));
    }
}
