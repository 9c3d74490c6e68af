package dev.koine.cli.command.offline;

import dev.koine.accelerator.DeviceDecomposition;
import dev.koine.cli.console.ExitCode;
import dev.koine.cli.console.ProgressBar;
import dev.koine.cli.folder.Folders;
import dev.koine.cli.folder.ModelFiles;
import dev.koine.cli.folder.ModelFolders;
import dev.koine.cli.folder.NewFolder;
import dev.koine.cli.folder.PassedOver;
import dev.koine.cli.option.FolderConverter;
import dev.koine.engine.Device;
import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.statistics.LowRankGram;
import dev.koine.engine.statistics.Statistics;
import dev.koine.engine.statistics.Statistics.About;
import dev.koine.engine.statistics.StatisticsWriter;
import dev.koine.engine.store.Bundle;
import dev.koine.speech.Task;
import dev.koine.speech.evaluation.EvaluationSet;
import dev.koine.speech.evaluation.LanguageTask;
import dev.koine.speech.evaluation.Utterance;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.statistics.StatisticsCollector;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code koine statistics}. */
@Command(
        name = "statistics",
        description = {
            "Measures what the layers of a base are given by speech of one language, for merges that weigh by it.",
            "It runs the base on some utterances of an evaluation set and keeps the second moments of each layer's input: no recording, no text. Speech"
                    + " that the gate judges on does not belong in it."
        },
        footer = {
            "%nExample:",
            "  koine statistics --base whisper-small --features speech/cs --language cs --out statistics-cs"
        })
public final class StatisticsCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Option(
            names = "--base",
            required = true,
            paramLabel = "DIR",
            description = "Folder with the base, an ONNX export. It runs in this process.",
            converter = FolderConverter.class)
    Path base;

    @Option(
            names = "--features",
            required = true,
            paramLabel = "SET",
            description =
                    "Folder with speech and its texts: features.safetensors and references.jsonl, as koine evalset writes them.",
            converter = FolderConverter.class)
    Path features;

    @Option(
            names = "--language",
            required = true,
            paramLabel = "TAG",
            description = "The language (BCP 47) whose utterances are run; of these, those to be transcribed.")
    String language;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "STATS",
            description = "Folder for the statistics; new or empty.")
    Path out;

    @Option(
            names = "--utterances",
            paramLabel = "N",
            description = "Most utterances to run (default: ${DEFAULT-VALUE}).",
            defaultValue = "24")
    int utterances;

    @Option(names = "--seed", description = "Of the draw (default: ${DEFAULT-VALUE}).", defaultValue = "0")
    long seed;

    @Option(
            names = "--rank",
            description = "Eigenvectors that are kept of each layer's input (default: ${DEFAULT-VALUE}).",
            defaultValue = "" + LowRankGram.RANK)
    int rank;

    @Option(
            names = "--device",
            description = "Where the model runs: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).",
            defaultValue = "AUTO")
    Device device;

    @Override
    public Integer call() throws Exception {
        if (utterances < 1) {
            throw new ParameterException(
                    spec.commandLine(), utterances + " utterances are none; give --utterances 1 or more.");
        }
        if (rank < 0 || rank > Statistics.MOST_RANK) {
            throw new ParameterException(
                    spec.commandLine(), "The rank is " + rank + "; give one from 0 to " + Statistics.MOST_RANK + ".");
        }
        if (device == Device.CUDA) {
            DeviceDecomposition.requireCudaBuild();
        }
        long begin = System.nanoTime();
        List<Utterance> drawn = Input.evaluationSet(features).read(this::draw);
        StatisticsWriter writer = new StatisticsWriter(rank);
        About about;
        Bundle written;
        try (NewFolder target = NewFolder.at(out);
                ModelFolders models = new ModelFolders(spec.commandLine().getErr())) {
            Path folder = Folders.requireFolder(base);
            PassedOver.tell(folder, spec.commandLine().getErr());
            String digest =
                    Input.base(base).read(() -> ModelFiles.in(folder).describe().digest());
            Path readable = models.of(folder);
            about = Input.base(base).read(() -> collect(readable, digest, drawn, writer));
            writer.writeIn(target.path());
            written = Bundle.describe(target.path());
            target.keep();
        }
        spec.commandLine()
                .getOut()
                .printf(
                        Locale.ROOT,
                        "%s: %d utterances, %,d positions, %d inputs of layers, %,d bytes, %.0f s, %s%n",
                        about.language(),
                        about.utterances(),
                        about.positions(),
                        writer.inputs(),
                        written.bytes(),
                        (System.nanoTime() - begin) / 1e9,
                        written.digest());
        return ExitCode.OK;
    }

    private List<Utterance> draw() throws IOException, RejectedException {
        EvaluationSet set = EvaluationSet.read(Folders.requireFolder(features));
        EvaluationSet wanted =
                set.where(one -> one.task() == Task.TRANSCRIBE && one.language().equalsIgnoreCase(language));
        if (wanted.utterances().isEmpty()) {
            SortedSet<String> others = set.byLanguageTask().keySet().stream()
                    .filter(what -> what.task() == Task.TRANSCRIBE)
                    .map(LanguageTask::language)
                    .collect(Collectors.toCollection(TreeSet::new));
            throw new RejectedException(
                    RejectionCode.EVALUATION_SET,
                    "It has no utterance to transcribe in '" + language + "'. "
                            + (others.isEmpty()
                                    ? "It has none in any language: name another set."
                                    : "It has some in " + String.join(", ", others)
                                            + ": name one of these with --language."));
        }
        return wanted.sample(utterances, seed).utterances();
    }

    private About collect(Path folder, String digest, List<Utterance> drawn, StatisticsWriter writer)
            throws RejectedException, IOException {
        ModelBundle bundle = ModelBundle.openWithoutStrays(folder);
        bundle.requireFetched();
        bundle.requireFloat("base");
        int threads = Runtime.getRuntime().availableProcessors();
        ProgressBar progress = new ProgressBar(spec.commandLine().getErr(), System.console() != null);
        try {
            return new StatisticsCollector(new OnnxOptions(threads, device), threads, progress)
                    .collect(bundle, digest, drawn.get(0).language(), drawn, writer);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("The statistics were interrupted.", e);
        }
    }
}
