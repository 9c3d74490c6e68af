package dev.koine.cli.command;

import dev.koine.cli.console.ExitCode;
import dev.koine.cli.console.LongRunning;
import dev.koine.cli.folder.Folders;
import dev.koine.cli.following.FollowingOptions;
import dev.koine.cli.following.StatusServer;
import dev.koine.cli.following.TroubleLines;
import dev.koine.cli.option.FolderConverter;
import dev.koine.cli.speech.SpeechService;
import dev.koine.engine.Input;
import dev.koine.speech.SpeechModel;
import dev.koine.speech.evaluation.EvaluationSet;
import dev.koine.speech.evaluation.Utterance;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.quarantine.Quarantine;
import dev.koine.speech.quarantine.QuarantineLimits;
import dev.koine.subscriber.ModelSubscriber;
import dev.koine.subscriber.ServedVersion;
import dev.koine.subscriber.ServiceReporter;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code koine serve}. */
@Command(
        name = "serve",
        description = {
            "Runs a speech service that follows a model and decodes recordings over and over, until it is interrupted.",
            "A line a second says which version serves, and how many calls were answered and failed."
        },
        footer = {"%nExample:", "  koine serve --model demo --cache ./service eval/fixtures/ctc/evaluation/ca"})
public final class ServeCommand extends LongRunning {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @Spec
    CommandSpec spec;

    @Mixin
    FollowingOptions following;

    @Option(
            names = "--cache",
            required = true,
            paramLabel = "DIR",
            description = "Where versions are kept, for this service alone.")
    Path cache;

    @Parameters(
            paramLabel = "SPEECH",
            description = "Folder with features.safetensors and references.jsonl.",
            converter = FolderConverter.class)
    Path speech;

    public ServeCommand() {
        super(Duration.ofSeconds(20));
    }

    @Override
    public Integer call() throws Exception {
        List<Utterance> utterances = Input.evaluationSet(speech)
                .read(() -> EvaluationSet.read(speech))
                .utterances();
        Folders.requireWritableFolder(cache);
        PrintWriter out = spec.commandLine().getOut();
        try (Quarantine apart = new Quarantine(QuarantineLimits.DEFAULT);
                @Nullable ServiceReporter reporter = following.reporter();
                ModelSubscriber<SpeechModel> subscriber = following
                        .<SpeechModel>subscriber(apart, new TroubleLines(out), reporter)
                        .cacheDirectory(cache)
                        .loader(bundle -> SpeechModel.open(bundle, OnnxOptions.DEFAULT))
                        .start();
                @Nullable StatusServer pages = following.pages(subscriber::status, out)) {
            if (awaitFirst(subscriber)) {
                serve(subscriber, utterances);
            }
        }
        return ExitCode.OK;
    }

    private boolean awaitFirst(ModelSubscriber<SpeechModel> subscriber) throws InterruptedException {
        while (!isToStop()) {
            try {
                subscriber.awaitVersion(0, PATIENCE);
                return true;
            } catch (TimeoutException e) {
                spec.commandLine().getOut().printf("%s  no version of %s yet%n", now(), following.modelId);
            }
        }
        return false;
    }

    private void serve(ModelSubscriber<SpeechModel> subscriber, List<Utterance> utterances)
            throws InterruptedException, IOException {
        PrintWriter out = spec.commandLine().getOut();
        try (SpeechService service = SpeechService.start(subscriber, utterances)) {
            boolean last = false;
            while (!last) {
                last = stopsWithinASecond();
                out.printf(
                        "%s  version %d  answered %d  failed %d%n",
                        now(),
                        subscriber.current().map(ServedVersion::version).orElse(-1L),
                        service.decoded(),
                        service.failed());
            }
        }
    }

    private static LocalTime now() {
        return LocalTime.now().truncatedTo(ChronoUnit.SECONDS);
    }
}
