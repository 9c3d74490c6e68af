package dev.koine.cli.command;

import dev.koine.cli.folder.PassedOver;
import dev.koine.cli.folder.TrainingFiles;
import dev.koine.cli.option.BundleOptions;
import dev.koine.cli.option.GateOptions;
import dev.koine.cli.option.RecipeOptions;
import dev.koine.cli.topic.Sender;
import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Bundles;
import dev.koine.events.EventSize;
import dev.koine.lifecycle.event.Recipes;
import dev.koine.schemas.ModelRegistration;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code koine register}. */
@Command(
        name = "register",
        description = {
            "Registers a base model; its version 0 is announced.",
            "With no option of the recipe (--method to --policy) the recipe is the job's own, today these defaults."
        },
        footer = {
            "%nExample:",
            "  koine register --model whisper ./whisper-small-onnx",
            "  koine register --model whisper --evaluation ./speech --gate enforce --guard en ./whisper-small-onnx"
        })
public final class RegisterCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Option(names = "--model", required = true, paramLabel = "ID", description = "Name of the model.")
    String modelId;

    @Mixin
    RecipeOptions recipe;

    @Mixin
    GateOptions gate;

    @Mixin
    Sender sender;

    @Mixin
    BundleOptions bundle;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        Input base = Input.base(bundle.directory);
        EventSize.require(registration(base.read(bundle::list), gate.list()), ModelRegistration.class);
        PrintWriter err = spec.commandLine().getErr();
        PassedOver.tell(bundle.directory, err);
        TrainingFiles.tell(bundle.directory, "are published with every version", err);
        return sender.sendModel(registration(base.read(() -> bundle.describe(out)), gate.describe(out, err)), out);
    }

    private ModelRegistration registration(Bundle base, List<dev.koine.schemas.Bundle> evaluationSets)
            throws RejectedException {
        ModelRegistration.Builder registration = ModelRegistration.newBuilder()
                .setModelId(modelId)
                .setBase(Bundles.toAvro(base))
                .setEvaluationSets(evaluationSets)
                .setGate(gate.policy())
                .setTime(Instant.now());
        recipe.said().map(Recipes::toAvro).ifPresent(registration::setRecipe);
        return registration.build();
    }
}
