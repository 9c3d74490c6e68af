package dev.koine.cli.command;

import dev.koine.flink.Recipes;
import dev.koine.schemas.ModelRegistration;
import dev.koine.subscriber.events.Bundles;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code koine register}. */
@Command(
        name = "register",
        description = "Registers a base model; its version 0 is announced.",
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
        ModelRegistration registration = ModelRegistration.newBuilder()
                .setModelId(modelId)
                .setBase(Bundles.toAvro(bundle.describe(out)))
                .setRecipe(Recipes.toAvro(recipe.recipe()))
                .setEvaluationSets(gate.describe(out))
                .setGate(gate.policy())
                .setTime(Instant.now())
                .build();
        return sender.sendModel(registration, out);
    }
}
