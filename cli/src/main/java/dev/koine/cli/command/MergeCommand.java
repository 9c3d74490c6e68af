package dev.koine.cli.command;

import dev.koine.cli.ExitCode;
import dev.koine.cli.console.ProgressBar;
import dev.koine.engine.merge.OfflineMerge;
import dev.koine.engine.merge.WorkPool;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.Bundle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code koine merge}. */
@Command(
        name = "merge",
        description = "Merges experts into a base on this machine, to the same bytes as the merge job's.",
        footer = {
            "%nExample:",
            "  koine merge --base whisper-small --expert ca=whisper-ca --expert de=whisper-de --out merged"
        })
public final class MergeCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Option(names = "--base", required = true, paramLabel = "DIR", description = "Folder with the base.")
    Path base;

    @Option(
            names = "--expert",
            required = true,
            paramLabel = "[NAME=]DIR[@WEIGHT]",
            description =
                    "Folder with an expert, its name for messages, and its weight (default: 1); may be given several times.")
    List<String> experts;

    @Mixin
    RecipeOptions recipe;

    @Option(
            names = "--threads",
            description = "Threads to use (default: all processors).",
            defaultValue = "0",
            showDefaultValue = picocli.CommandLine.Help.Visibility.NEVER)
    int threads;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder for the result; new or empty.")
    Path out;

    @Override
    public Integer call() throws Exception {
        Path target = Folders.requireEmpty(out);
        Path scratch = Files.createTempDirectory(target.getParent(), ".koine-merge");
        try (WorkPool pool =
                new WorkPool(threads > 0 ? threads : Runtime.getRuntime().availableProcessors())) {
            ProgressBar progress = new ProgressBar(spec.commandLine().getErr(), System.console() != null);
            OfflineMerge merge = new OfflineMerge(ModelBundle.open(base), recipe.recipe(), pool, progress);
            merge.merge(experts.stream().map(MergeCommand::expert).toList(), scratch, target);
        } finally {
            Folders.delete(scratch);
        }
        spec.commandLine().getOut().printf("%s  %s%n", Bundle.describe(out).digest(), out);
        return ExitCode.OK;
    }

    static OfflineMerge.Expert expert(String argument) {
        String place = argument.substring(argument.indexOf('=') + 1);
        int at = place.lastIndexOf('@');
        return at < 0
                ? new OfflineMerge.Expert(Path.of(place), 1)
                : new OfflineMerge.Expert(Path.of(place.substring(0, at)), Double.parseDouble(place.substring(at + 1)));
    }
}
