package dev.koine.cli.command.offline;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.accelerator.DeviceDecomposition;
import dev.koine.cli.console.ExitCode;
import dev.koine.cli.console.Plain;
import dev.koine.cli.console.ProgressBar;
import dev.koine.cli.folder.Folders;
import dev.koine.cli.folder.ModelFolders;
import dev.koine.cli.option.FolderConverter;
import dev.koine.cli.option.QuarantineOptions;
import dev.koine.cli.option.SampleOptions;
import dev.koine.engine.Device;
import dev.koine.engine.Input;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.lifecycle.gate.Measured;
import dev.koine.speech.evaluation.EvaluationResult;
import dev.koine.speech.evaluation.EvaluationSet;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.quarantine.Examiner;
import dev.koine.speech.quarantine.Quarantine;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code koine evaluate}. */
@Command(
        name = "evaluate",
        description = {
            "Decodes held-out speech with a model and prints its error rates, as the gate measures them. Ends with 3 if a language cannot be evaluated."
        },
        footer = {"%nExample:", "  koine evaluate merged speech/ca speech/de"})
public final class EvaluateCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Mixin
    SampleOptions sample;

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Option(
            names = "--device",
            description = "Where the model runs: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).",
            defaultValue = "AUTO")
    Device device;

    @Mixin
    QuarantineOptions quarantine;

    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            description = "Folder with a model.",
            converter = FolderConverter.class)
    Path directory;

    @Parameters(
            index = "1..*",
            arity = "1..*",
            paramLabel = "SPEECH",
            description = "Folders with evaluation sets.",
            converter = FolderConverter.class)
    List<Path> speech;

    @Override
    public Integer call() throws Exception {
        List<EvaluationSet> sets = new ArrayList<>();
        List<Path> folders = new ArrayList<>();
        for (Path folder : speech) {
            folders.add(Folders.requireFolder(folder));
            sets.add(Input.evaluationSet(folder).read(() -> EvaluationSet.read(folder)));
        }
        sample.draw(EvaluationSet.union(sets)).requireFinite();
        if (device == Device.CUDA) {
            DeviceDecomposition.requireCudaBuild();
        }
        ProgressBar progress = new ProgressBar(spec.commandLine().getErr(), System.console() != null);
        int threads = Runtime.getRuntime().availableProcessors();
        Collection<EvaluationResult> results;
        try (ModelFolders models = new ModelFolders(spec.commandLine().getErr());
                Quarantine process = quarantine.open()) {
            Path model = models.of(Folders.requireFolder(directory));
            Examiner.Speech drawn = new Examiner.Speech(folders, sample.most, sample.seed, threads);
            results = new Input("The model " + directory)
                    .read(() -> {
                        ModelBundle.open(model).requireFetched();
                        return process.evaluate(model, new OnnxOptions(1, device), drawn, progress);
                    })
                    .values();
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(new JsonMapper()
                    .writerWithDefaultPrettyPrinter()
                    .writeValueAsString(
                            results.stream().map(EvaluateCommand::fields).toList()));
        } else {
            print(results, out);
        }
        return results.stream().anyMatch(result -> result.failure().isPresent()) ? ExitCode.REJECTED : ExitCode.OK;
    }

    private static void print(Collection<EvaluationResult> results, PrintWriter out) {
        out.printf(
                "%-10s %-12s %10s %8s %8s %8s %8s%n",
                "language", "task", "utterances", "WER %", "CER %", "BLEU", "loss");
        for (EvaluationResult result : results) {
            if (result.failure().isPresent()) {
                out.printf(
                        "%-10s %-12s %s%n",
                        language(result),
                        task(result),
                        Plain.of(result.failure().get()));
                continue;
            }
            out.printf(
                    "%-10s %-12s %10d %8s %8s %8s %8s%n",
                    language(result),
                    task(result),
                    result.utterances(),
                    number(result.wordErrorRate(), 100, 1),
                    number(result.characterErrorRate(), 100, 1),
                    number(result.bleu(), 1, 1),
                    number(result.loss(), 1, 3));
        }
        OptionalDouble mean = results.stream()
                .map(EvaluationResult::error)
                .filter(OptionalDouble::isPresent)
                .mapToDouble(OptionalDouble::getAsDouble)
                .average();
        out.printf("mean error %s %%: WER to transcribe, 1 - BLEU / 100 to translate%n", number(mean, 100, 1));
    }

    private static String number(OptionalDouble value, double factor, int digits) {
        return value.isPresent() ? String.format(Locale.ROOT, "%." + digits + "f", factor * value.getAsDouble()) : "-";
    }

    private static String language(EvaluationResult result) {
        return result.what().language();
    }

    private static String task(EvaluationResult result) {
        return result.what().task().name().toLowerCase(Locale.ROOT);
    }

    private static Map<String, @Nullable Object> fields(EvaluationResult result) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("language", language(result));
        fields.put("task", task(result));
        fields.put("utterances", result.utterances());
        fields.put("error", Measured.orNull(result.error()));
        fields.put("wer", Measured.orNull(result.wordErrorRate()));
        fields.put("cer", Measured.orNull(result.characterErrorRate()));
        fields.put("bleu", Measured.orNull(result.bleu()));
        fields.put("loss", Measured.orNull(result.loss()));
        fields.put("failure", result.failure().orElse(null));
        return fields;
    }
}
