package dev.koine.cli.command.offline;

import dev.koine.cli.console.ExitCode;
import dev.koine.cli.folder.Folders;
import dev.koine.cli.folder.NewFolder;
import dev.koine.cli.option.FolderConverter;
import dev.koine.cli.option.SampleOptions;
import dev.koine.engine.Input;
import dev.koine.engine.store.Bundle;
import dev.koine.lifecycle.gate.GatePolicies;
import dev.koine.lifecycle.gate.SmallestLoss;
import dev.koine.speech.evaluation.EvaluationSet;
import dev.koine.speech.evaluation.EvaluationSetWriter;
import dev.koine.speech.evaluation.LanguageTask;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code koine evalset}. */
@Command(
        name = "evalset",
        description = {
            "Makes one evaluation set of several, for koine register --evaluation.",
            "It draws utterances of each language and task, and checks their features. A source has features.safetensors (a matrix a recording: [frames, mels] for CTC models,",
            "[mels, frames] for Whisper) and references.jsonl (a line {\"id\", \"language\", \"task\", \"text\"} a text)."
        },
        footer = {"%nExample:", "  koine evalset --sample 50 --out gate-set speech/ca speech/de"})
public final class EvalsetCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Mixin
    SampleOptions sample;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder for the set; new or empty.")
    Path out;

    @Parameters(
            arity = "1..*",
            paramLabel = "SOURCE",
            description = "Folders with speech and its texts.",
            converter = FolderConverter.class)
    List<Path> sources;

    @Override
    public Integer call() throws Exception {
        List<EvaluationSet> sets = new ArrayList<>();
        for (Path source : sources) {
            sets.add(Input.evaluationSet(source).read(() -> EvaluationSet.read(Folders.requireFolder(source))));
        }
        EvaluationSet drawn = sample.draw(EvaluationSet.union(sets));
        drawn.requireFinite();
        Bundle bundle;
        try (NewFolder target = NewFolder.at(out)) {
            EvaluationSetWriter.write(drawn, target.path());
            bundle = Bundle.describe(target.path());
            target.keep();
        }
        PrintWriter lines = spec.commandLine().getOut();
        print(drawn, lines);
        lines.printf("%,d bytes, %s%n", bundle.bytes(), bundle.digest());
        return ExitCode.OK;
    }

    /** With what the gate sees of each language at its defaults. */
    private static void print(EvaluationSet drawn, PrintWriter lines) {
        Map<LanguageTask, SmallestLoss> losses = new TreeMap<>();
        SmallestLoss.of(drawn, GatePolicies.defaults().build()).forEach(loss -> losses.put(loss.what(), loss));
        lines.printf("%-10s %-12s %10s %8s   %s%n", "language", "task", "utterances", "words", "a gate sees losses of");
        drawn.byLanguageTask().forEach((what, utterances) -> {
            Optional<SmallestLoss> seen = Optional.ofNullable(losses.get(what));
            lines.printf(
                    Locale.ROOT,
                    "%-10s %-12s %10d %8s   %s%n",
                    what.language(),
                    what.task().name().toLowerCase(Locale.ROOT),
                    utterances.size(),
                    seen.map(loss -> String.valueOf(loss.words())).orElse("-"),
                    seen.map(loss -> String.format(Locale.ROOT, "%.0f points", 100 * loss.loss()))
                            .orElse("-"));
        });
    }
}
