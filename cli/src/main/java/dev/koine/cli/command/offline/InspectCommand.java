package dev.koine.cli.command.offline;

import dev.koine.cli.console.ExitCode;
import dev.koine.cli.folder.ModelFolders;
import dev.koine.cli.folder.PassedOver;
import dev.koine.cli.option.CheckpointOption;
import dev.koine.cli.option.FolderConverter;
import dev.koine.cli.option.RecipeOptions;
import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.graph.OnnxModel;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code koine inspect}. */
@Command(
        name = "inspect",
        description = "Lists the weights of a model: shape, how a recipe would prune them, where the graph uses them.",
        footer = {
            "%nExample:",
            "  koine inspect whisper-small-onnx",
            "  koine inspect --checkpoint whisper-small whisper-small-onnx"
        })
public final class InspectCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Mixin
    RecipeOptions options;

    @Mixin
    CheckpointOption checkpoint;

    @Parameters(paramLabel = "DIR", description = "Folder with a model.", converter = FolderConverter.class)
    Path directory;

    @Override
    public Integer call() throws Exception {
        try (ModelFolders folders = new ModelFolders(spec.commandLine().getErr());
                WorkPool pool = new WorkPool(Runtime.getRuntime().availableProcessors())) {
            Input input = new Input("The model " + directory);
            ModelBundle bundle = inspect(input, input.read(() -> folders.of(directory)));
            @Nullable
            MappedBase mapped =
                    checkpoint.map(bundle, folders, pool, spec.commandLine().getErr());
            if (mapped != null) {
                MapTable.print(mapped, spec.commandLine().getOut());
            }
        }
        return ExitCode.OK;
    }

    private ModelBundle inspect(Input input, Path folder) throws RejectedException, IOException {
        PrintWriter out = spec.commandLine().getOut();
        PassedOver.tell(folder, spec.commandLine().getErr());
        Recipe recipe = options.recipe();
        ModelBundle bundle = input.read(() -> ModelBundle.openWithoutStrays(folder));
        List<Weight> weights = bundle.weights();
        out.printf(
                "%s%n", input.read(() -> Bundle.describeWithoutStrays(folder)).digest());
        for (OnnxModel model : bundle.models()) {
            String opsets = model.opsets().entrySet().stream()
                    .map(opset -> (opset.getKey().isEmpty() ? "ai.onnx" : opset.getKey()) + " " + opset.getValue())
                    .collect(Collectors.joining(", "));
            out.printf("%s: IR version %d, opset %s%n", model.path(), model.irVersion(), opsets);
        }
        out.printf("%n%-8s %-22s %-10s %-16s %-30s %s%n", "policy", "role", "type", "shape", "initializer", "position");
        for (Weight weight : weights) {
            out.printf(
                    "%-8s %-22s %-10s %-16s %-30s %s%n",
                    recipe.policyOf(weight),
                    weight.role(),
                    weight.tensor().type(),
                    weight.tensor().shape(),
                    weight.tensor().name(),
                    weight.position());
        }
        long elements =
                weights.stream().mapToLong(weight -> weight.tensor().numel()).sum();
        String policies = weights.stream()
                .collect(Collectors.groupingBy(
                        recipe::policyOf,
                        () -> new java.util.EnumMap<>(Policy.class),
                        Collectors.summingLong(weight -> weight.tensor().numel())))
                .toString();
        out.printf("%n%d weights, %,d elements; elements by policy: %s%n", weights.size(), elements, policies);
        return bundle;
    }
}
