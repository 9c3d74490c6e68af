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
import dev.koine.engine.onnx.align.WeightPlaces;
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
        description = {
            "Lists the weights of a model: shape, how a recipe would prune them, where the graph uses them.",
            "A tensor that several places or files hold, transposed or not, is one weight."
        },
        footer = {
            "%nExample:",
            "  koine inspect whisper-small-onnx",
            "  koine inspect --checkpoint whisper-small whisper-small-onnx"
        })
public final class InspectCommand implements Callable<Integer> {
    private static final String LINE = "%-14s %-22s %-10s %-16s %-30s %s%n";

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
        List<WeightPlaces> weights = WeightPlaces.of(bundle);
        out.printf(
                "%s%n", input.read(() -> Bundle.describeWithoutStrays(folder)).digest());
        for (OnnxModel model : bundle.models()) {
            String opsets = model.opsets().entrySet().stream()
                    .map(opset -> (opset.getKey().isEmpty() ? "ai.onnx" : opset.getKey()) + " " + opset.getValue())
                    .collect(Collectors.joining(", "));
            out.printf("%s: IR version %d, opset %s%n", model.path(), model.irVersion(), opsets);
        }
        out.printf("%n" + LINE, "policy", "role", "type", "shape", "initializer", "position");
        for (WeightPlaces weight : weights) {
            print(weight, recipe, out);
        }
        List<Weight> firsts =
                weights.stream().map(weight -> weight.places().get(0)).toList();
        long elements =
                firsts.stream().mapToLong(weight -> weight.tensor().numel()).sum();
        String policies = firsts.stream()
                .collect(Collectors.groupingBy(
                        recipe::policyOf,
                        () -> new java.util.EnumMap<>(Policy.class),
                        Collectors.summingLong(weight -> weight.tensor().numel())))
                .toString();
        int places = bundle.weights().size();
        out.printf(
                "%n%d weights%s, %,d elements; elements by policy: %s%n",
                weights.size(), places == weights.size() ? "" : " at " + places + " places", elements, policies);
        return bundle;
    }

    /** A line for the weight, and one for each further place, with what is otherwise there. */
    private static void print(WeightPlaces weight, Recipe recipe, PrintWriter out) {
        Weight first = weight.places().get(0);
        out.printf(
                LINE,
                recipe.policyOf(first),
                first.role(),
                first.tensor().type(),
                first.tensor().shape(),
                first.tensor().name(),
                first.position());
        for (Weight place : weight.places().subList(1, weight.places().size())) {
            printPlace(place, first, recipe, "", out);
        }
        for (Weight place : weight.transposed()) {
            printPlace(place, first, recipe, "transposed", out);
        }
    }

    private static void printPlace(Weight place, Weight first, Recipe recipe, String how, PrintWriter out) {
        boolean hasPolicy = recipe.policyOf(place) == recipe.policyOf(first);
        out.printf(
                LINE,
                hasPolicy ? "" : recipe.policyOf(place),
                place.role() == first.role() ? "" : place.role(),
                "",
                how,
                place.tensor().name(),
                place.position());
    }
}
