package dev.koine.cli.command;

import dev.koine.cli.console.ExitCode;
import dev.koine.cli.folder.PassedOver;
import dev.koine.cli.folder.TrainingFiles;
import dev.koine.cli.option.BundleOptions;
import dev.koine.cli.option.FolderConverter;
import dev.koine.cli.option.GateOptions;
import dev.koine.cli.option.PlaceConverter;
import dev.koine.cli.option.ProtectedFolder;
import dev.koine.cli.option.Protection;
import dev.koine.cli.option.RecipeOptions;
import dev.koine.cli.option.StatisticsOption;
import dev.koine.cli.topic.Sender;
import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Bundles;
import dev.koine.events.EventSize;
import dev.koine.events.Recipes;
import dev.koine.schemas.ModelRegistration;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
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
            "With no option of the recipe (--method to --policy) and no --protect the recipe is the job's own, today these defaults.",
            "A model whose experts are to come with statistics, and that protects no language yet, says --method REGMEAN: the method is the model's for good."
        },
        footer = {
            "%nExample:",
            "  koine register --model whisper ./whisper-small-onnx",
            "  koine register --model whisper --checkpoint ./whisper-small ./whisper-small-onnx",
            "  koine register --model whisper --evaluation ./speech --gate enforce --guard en ./whisper-small-onnx",
            "  koine register --model whisper --protect es=statistics-es ./whisper-small-onnx",
            "  koine register --model whisper --upload s3://bucket/models/ ./whisper-small-onnx"
        })
public final class RegisterCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Option(names = "--model", required = true, paramLabel = "ID", description = "Name of the model.")
    String modelId;

    @Mixin
    RecipeOptions recipe;

    @Option(
            names = "--checkpoint",
            paramLabel = "DIR",
            description =
                    "Folder with the safetensors checkpoint that the base was exported from: experts may then be checkpoints and LoRA"
                            + " adapters, too.",
            converter = FolderConverter.class)
    @Nullable
    Path checkpoint;

    @Option(
            names = "--checkpoint-at",
            paramLabel = "PLACE",
            description = "Where the job finds the same files, if not there; as --at.",
            converter = PlaceConverter.class)
    @Nullable
    URI checkpointPlace;

    @Option(
            names = "--protect",
            paramLabel = "TAG=STATS[@WEIGHT]",
            description = {
                "A language that the base knows and that experts are not to change, the folder that koine statistics made for it, and how much it",
                "counts (default: 0.25); the method is REGMEAN then. May be given several times: koine protect for each, when version 0 is there."
            },
            converter = ProtectedFolder.Converter.class)
    List<ProtectedFolder> languages = List.of();

    @Mixin
    GateOptions gate;

    @Mixin
    Sender sender;

    @Mixin
    BundleOptions bundle;

    @Override
    public Integer call() throws Exception {
        Optional<Recipe> said = said();
        PrintWriter out = spec.commandLine().getOut();
        Input base = Input.base(bundle.directory);
        EventSize.require(
                registration(said, base.read(bundle::list), checkpoint(null), gate.list(bundle.upload())),
                ModelRegistration.class);
        PrintWriter err = spec.commandLine().getErr();
        PassedOver.tell(bundle.directory, err);
        TrainingFiles.tell(bundle.directory, "are published with every version", err);
        Bundle described = base.read(() -> bundle.describe(out, err));
        int code = sender.sendModel(
                registration(said, described, checkpoint(out), gate.describe(bundle.upload(), out, err)), out);
        for (ProtectedFolder language : languages) {
            if (code == ExitCode.OK) {
                code = sender.sendExpert(
                        Protection.event(
                                modelId,
                                language.language(),
                                1,
                                language.language(),
                                language.weight(),
                                StatisticsOption.describe(language.statistics(), null, bundle.upload(), out, err)),
                        out);
            }
        }
        return code;
    }

    /** What the registration says; empty where it leaves the recipe to the job. */
    Optional<Recipe> said() throws RejectedException {
        return languages.isEmpty() ? recipe.said() : Optional.of(recipe.weighed("--protect"));
    }

    /** @param out is told of the hashing; null to list the files alone */
    private @Nullable Bundle checkpoint(@Nullable PrintWriter out) throws RejectedException, IOException {
        if (checkpoint == null) {
            return null;
        }
        BundleOptions files = new BundleOptions();
        files.directory = checkpoint;
        files.place = checkpointPlace;
        if (checkpointPlace == null && bundle.uploadPlace != null) {
            files.uploadPlace = bundle.uploadPlace;
            files.place = bundle.place;
        }
        return new Input("The checkpoint (" + checkpoint + ")")
                .read(() -> out == null
                        ? files.list()
                        : files.describe(out, spec.commandLine().getErr()));
    }

    private ModelRegistration registration(
            Optional<Recipe> said,
            Bundle base,
            @Nullable Bundle checkpoint,
            List<dev.koine.schemas.Bundle> evaluationSets)
            throws RejectedException {
        ModelRegistration.Builder registration = ModelRegistration.newBuilder()
                .setModelId(modelId)
                .setBase(Bundles.toAvro(base))
                .setCheckpoint(checkpoint == null ? null : Bundles.toAvro(checkpoint))
                .setEvaluationSets(evaluationSets)
                .setGate(gate.policy())
                .setTime(Instant.now());
        said.map(Recipes::toAvro).ifPresent(registration::setRecipe);
        return registration.build();
    }
}
