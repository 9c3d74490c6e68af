package dev.koine.cli.command.offline;

import dev.koine.accelerator.DeviceDecomposition;
import dev.koine.cli.card.UpdateShares;
import dev.koine.cli.console.ExitCode;
import dev.koine.cli.console.Plain;
import dev.koine.cli.console.ProgressBar;
import dev.koine.cli.folder.Folders;
import dev.koine.cli.folder.ModelFolders;
import dev.koine.cli.folder.NewFolder;
import dev.koine.cli.folder.PassedOver;
import dev.koine.cli.folder.TrainingFiles;
import dev.koine.cli.option.BaseOption;
import dev.koine.cli.option.CheckpointOption;
import dev.koine.cli.option.DeviceOption;
import dev.koine.cli.option.FolderConverter;
import dev.koine.cli.option.QuarantineOptions;
import dev.koine.cli.option.RecipeOptions;
import dev.koine.cli.option.ThreadsOption;
import dev.koine.cli.option.WeighingOptions;
import dev.koine.engine.Device;
import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.linalg.Kernels;
import dev.koine.engine.merge.OfflineMerge;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.total.Written;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.Bundle;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.quarantine.Answers;
import dev.koine.speech.quarantine.Quarantine;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code koine merge}. */
@Command(
        name = "merge",
        description =
                "Merges experts into a base on this machine, to the same bytes as the merge job's on the same device.",
        footer = {
            "%nExample:",
            "  koine merge --base whisper-small --expert ca=whisper-ca --expert de=whisper-de --out merged",
            "  koine merge --base whisper-small --expert ca=whisper-ca --statistics ca=statistics-ca --protect es=statistics-es --out merged"
        })
public final class MergeCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Mixin
    BaseOption base;

    @Option(
            names = "--expert",
            required = true,
            paramLabel = "[NAME=]DIR[@WEIGHT]",
            description =
                    "Folder with an expert (an ONNX export; with --checkpoint also a safetensors checkpoint or a LoRA adapter), its name for"
                            + " messages, and its weight (default: 1); may be given several times.")
    List<String> experts;

    @Mixin
    CheckpointOption checkpoint;

    @Mixin
    RecipeOptions recipe;

    @Mixin
    WeighingOptions weighing;

    @Option(
            names = "--task-vectors",
            paramLabel = "DIR",
            description =
                    "New or empty folder in which each expert's task vector is kept as files; their bytes are printed.")
    @Nullable
    Path taskVectors;

    @Mixin
    ThreadsOption threads;

    @Mixin
    DeviceOption device;

    @Option(
            names = "--check",
            description = {
                "Also load the result with ONNX Runtime, in a process of its own, and ask it once: it is refused where it does not",
                "load, or answers NaN or infinity where the base does not. Takes up to four times the model's size in memory."
            })
    boolean check;

    @Mixin
    QuarantineOptions quarantine;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder for the result; new or empty.")
    Path out;

    @Override
    public Integer call() throws Exception {
        long started = System.nanoTime();
        String digest;
        try (WorkPool pool = threads.pool()) {
            CompletableFuture<Void> warm = CompletableFuture.runAsync(Kernels::warmUp, pool.executor());
            try (ModelFolders folders = new ModelFolders(spec.commandLine().getErr())) {
                digest = merge(pool, warm, folders);
            }
        }
        spec.commandLine().getErr().printf(Locale.ROOT, "merged in %.2f s%n", (System.nanoTime() - started) / 1e9);
        spec.commandLine().getOut().printf("%s  %s%n", digest, out);
        return ExitCode.OK;
    }

    private String merge(WorkPool pool, CompletableFuture<Void> warm, ModelFolders folders) throws Exception {
        Recipe said = weighing.recipe(recipe);
        ModelBundle opened = base.open(folders, spec.commandLine().getErr());
        TrainingFiles.tell(
                folders.of(base.folder),
                "are copied to the result",
                spec.commandLine().getErr());
        @Nullable
        MappedBase mapped =
                checkpoint.map(opened, folders, pool, spec.commandLine().getErr());
        List<OfflineMerge.Expert> members = experts.stream().map(this::expert).toList();
        weighing.requireNames(experts.stream()
                .map(expert -> expert.substring(0, Math.max(0, expert.indexOf('='))))
                .toList());
        if (taskVectors == null) {
            return merge(opened, mapped, members, said, pool, warm, folders);
        }
        try (NewFolder folder = NewFolder.at(taskVectors)) {
            String digest = merge(opened, mapped, kept(members, folder.path()), said, pool, warm, folders);
            folder.keep();
            return digest;
        }
    }

    private String merge(
            ModelBundle opened,
            @Nullable MappedBase mapped,
            List<OfflineMerge.Expert> members,
            Recipe said,
            WorkPool pool,
            CompletableFuture<Void> warm,
            ModelFolders folders)
            throws Exception {
        try (NewFolder target = NewFolder.at(out);
                DeviceDecomposition decomposition = DeviceDecomposition.open(device.device)) {
            if (decomposition.isOnGpu()) {
                spec.commandLine().getErr().printf("Matrices are decomposed %s.%n", decomposition.description());
            }
            Folders.requireRoom(target.path(), bytes(folders.of(base.folder)), "the merged model");
            warm.join();
            ProgressBar progress = new ProgressBar(spec.commandLine().getErr(), System.console() != null);
            tell(new OfflineMerge(opened, mapped, said, decomposition, pool, progress)
                    .merge(
                            readable(members, folders, spec.commandLine().getErr()),
                            weighing.languages(),
                            target.path()));
            if (check) {
                new Input("The merged model").read(() -> requireSound(target.path(), opened.directory()));
            }
            String digest = Bundle.describe(out, pool.executor()).digest();
            printTaskVectors(members);
            target.keep();
            return digest;
        }
    }

    private Answers requireSound(Path merged, Path original) throws RejectedException, IOException {
        OnnxOptions options = new OnnxOptions(Runtime.getRuntime().availableProcessors(), Device.CPU);
        try (Quarantine process = quarantine.open()) {
            Answers answers = process.ask(merged, options);
            if (answers.broken() > 0) {
                answers.requireFinite(process.ask(original, options));
            }
            answers.unasked().forEach(file -> spec.commandLine()
                    .getErr()
                    .println("Loaded, but not asked, for want of an input that it takes: " + Plain.of(file)));
            return answers;
        }
    }

    private void tell(Written written) {
        PrintWriter err = spec.commandLine().getErr();
        OptionalDouble share = written.share();
        UpdateShares.warning(share.isPresent() ? share.getAsDouble() : null).ifPresent(err::println);
        if (written.raised() > 0) {
            err.printf(
                    "%d variances came out below a sixteenth of the base's and were set to that: the experts change them by more"
                            + " than adds up. A smaller --scale changes them less.%n",
                    written.raised());
        }
    }

    private static List<OfflineMerge.Expert> readable(
            List<OfflineMerge.Expert> members, ModelFolders folders, PrintWriter err)
            throws IOException, RejectedException {
        List<OfflineMerge.Expert> readable = new ArrayList<>();
        for (OfflineMerge.Expert member : members) {
            Path folder = member.input().read(() -> folders.of(member.directory()));
            PassedOver.tell(folder, err);
            readable.add(new OfflineMerge.Expert(
                    member.input(), folder, member.factor(), member.taskVector(), member.statistics()));
        }
        return readable;
    }

    /** Each has a folder of its own, numbered as on the command line. */
    private static List<OfflineMerge.Expert> kept(List<OfflineMerge.Expert> members, Path folder) {
        List<OfflineMerge.Expert> kept = new ArrayList<>();
        for (OfflineMerge.Expert member : members) {
            String number = String.format(Locale.ROOT, "%03d", kept.size());
            kept.add(new OfflineMerge.Expert(
                    member.input(), member.directory(), member.factor(), folder.resolve(number), member.statistics()));
        }
        return kept;
    }

    private void printTaskVectors(List<OfflineMerge.Expert> members) throws IOException {
        for (OfflineMerge.Expert member : members) {
            Path folder = member.taskVector();
            if (folder != null) {
                spec.commandLine()
                        .getOut()
                        .printf("task vector of %s: %d bytes  %s%n", member.directory(), bytes(folder), folder);
            }
        }
    }

    private static long bytes(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            long bytes = 0;
            for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                bytes += Files.size(file);
            }
            return bytes;
        }
    }

    /** A folder that is there is taken by its whole name, whatever signs are in it. */
    private OfflineMerge.Expert expert(String argument) {
        String unnamed = argument.substring(argument.indexOf('=') + 1);
        for (String place : List.of(argument, unnamed)) {
            int at = place.lastIndexOf('@');
            String name = place.equals(argument) ? "" : argument.substring(0, argument.length() - place.length() - 1);
            if (Files.exists(Path.of(place))) {
                return expert(name, Path.of(place), 1);
            }
            if (at > 0 && Files.exists(Path.of(place.substring(0, at)))) {
                return expert(name, Path.of(place.substring(0, at)), weight(place.substring(at + 1)));
            }
        }
        throw new ParameterException(
                spec.commandLine(),
                "There is no folder of an expert at '" + unnamed + "' (--expert " + argument + ").");
    }

    private OfflineMerge.Expert expert(String name, Path folder, double weight) {
        try {
            FolderConverter.requireNoFile(folder);
        } catch (TypeConversionException e) {
            throw new ParameterException(spec.commandLine(), "--expert " + e.getMessage(), e);
        }
        Input input = name.isEmpty() ? new Input("The expert " + folder) : Input.expert(name, folder);
        return new OfflineMerge.Expert(input, folder, weight, null, weighing.of(name));
    }

    private double weight(String text) {
        try {
            double weight = Double.parseDouble(text);
            if (Double.isFinite(weight) && weight != 0) {
                return weight;
            }
        } catch (NumberFormatException e) {
            throw new ParameterException(spec.commandLine(), weightSentence(text), e);
        }
        throw new ParameterException(spec.commandLine(), weightSentence(text));
    }

    private static String weightSentence(String text) {
        return "The weight '" + text + "' after @ has to be a finite number other than 0.";
    }
}
