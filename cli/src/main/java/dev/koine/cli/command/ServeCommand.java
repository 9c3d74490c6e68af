package dev.koine.cli.command;

import dev.koine.cli.console.ExitCode;
import dev.koine.cli.console.LongRunning;
import dev.koine.cli.console.Plain;
import dev.koine.cli.folder.Folders;
import dev.koine.cli.option.FolderConverter;
import dev.koine.cli.option.KafkaOptions;
import dev.koine.cli.speech.MetricsServer;
import dev.koine.cli.speech.SpeechService;
import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.events.signature.TrustedKeys;
import dev.koine.objectstore.StandaloneBundles;
import dev.koine.schemas.ModelUpdate;
import dev.koine.speech.SpeechModel;
import dev.koine.speech.evaluation.EvaluationSet;
import dev.koine.speech.evaluation.Utterance;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.quarantine.Quarantine;
import dev.koine.speech.quarantine.QuarantineLimits;
import dev.koine.subscriber.ModelSubscriber;
import dev.koine.subscriber.ModelSubscriberBuilder;
import dev.koine.subscriber.ServedVersion;
import dev.koine.subscriber.SubscriberListener;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
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
public final class ServeCommand implements Callable<Integer>, LongRunning {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration STOP_WITHIN = Duration.ofSeconds(20);

    private final CountDownLatch stopped = new CountDownLatch(1);

    @Spec
    CommandSpec spec;

    @Option(names = "--model", required = true, paramLabel = "ID", description = "Name of the model.")
    String modelId;

    @Option(
            names = "--cache",
            required = true,
            paramLabel = "DIR",
            description = "Where versions are kept, for this service alone.")
    Path cache;

    @Option(
            names = "--quarantine",
            description = "Load each version in a process of its own first; one that kills that process is refused.")
    boolean quarantine;

    @Option(
            names = "--trusted-keys",
            paramLabel = "FILE",
            description = "Takes only versions that one of these keys has signed (default: takes all).")
    @Nullable
    Path trustedKeys;

    @Option(
            names = "--metrics-port",
            paramLabel = "PORT",
            description = "Shows Prometheus how it stands, at /metrics of this port of 127.0.0.1 (default: does not).")
    @Nullable
    Integer metricsPort;

    @Parameters(
            paramLabel = "SPEECH",
            description = "Folder with features.safetensors and references.jsonl.",
            converter = FolderConverter.class)
    Path speech;

    @Mixin
    KafkaOptions kafka;

    @Override
    public Integer call() throws Exception {
        List<Utterance> utterances = Input.evaluationSet(speech)
                .read(() -> EvaluationSet.read(speech))
                .utterances();
        Map<String, Object> properties = new HashMap<>();
        Folders.requireWritableFolder(cache);
        kafka.unchecked().forEach((name, value) -> properties.put(name.toString(), value));
        ModelSubscriberBuilder<SpeechModel> wanted = ModelSubscriber.<SpeechModel>builder()
                .consumerProperties(properties)
                .modelId(modelId)
                .cacheDirectory(cache)
                .bundleSource(new StandaloneBundles())
                .listener(troubles())
                .loader(bundle -> SpeechModel.open(bundle, OnnxOptions.DEFAULT));
        if (trustedKeys != null) {
            wanted.trustedKeys(TrustedKeys.read(trustedKeys));
        }
        try (Quarantine apart = new Quarantine(QuarantineLimits.DEFAULT)) {
            if (quarantine) {
                wanted.trial(files -> apart.ask(files, OnnxOptions.DEFAULT).requireAny());
            }
            try (ModelSubscriber<SpeechModel> subscriber = wanted.start();
                    @Nullable MetricsServer page = page(subscriber)) {
                if (page != null) {
                    spec.commandLine().getOut().printf("Metrics: http://127.0.0.1:%d/metrics%n", page.port());
                }
                if (awaitFirst(subscriber)) {
                    serve(subscriber, utterances);
                }
            }
        }
        return ExitCode.OK;
    }

    private @Nullable MetricsServer page(ModelSubscriber<SpeechModel> subscriber) throws IOException {
        if (metricsPort == null) {
            return null;
        }
        try {
            return MetricsServer.start(metricsPort, modelId, subscriber);
        } catch (IOException | IllegalArgumentException e) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--metrics-port is " + metricsPort + "; give a port that is free (" + e.getMessage() + ").",
                    e);
        }
    }

    /** What is wrong is told when it begins and where it changes. */
    private SubscriberListener troubles() {
        PrintWriter out = spec.commandLine().getOut();
        return new SubscriberListener() {
            private String told = "";

            @Override
            public void onTrouble(String what, Throwable cause) {
                String sentence = what + ": " + sentence(cause);
                if (!told.equals(sentence)) {
                    out.printf("%s  %s%n", now(), Plain.of(sentence));
                    told = sentence;
                }
            }

            @Override
            public void onServed(ServedVersion version) {
                told = "";
            }

            @Override
            public void onRejected(ModelUpdate update, RejectedException reason) {
                out.printf(
                        "%s  version %d is refused: %s%n",
                        now(), update.getVersion(), Plain.of(String.valueOf(reason.getMessage())));
            }
        };
    }

    private static String sentence(Throwable cause) {
        String said = String.valueOf(cause.getMessage());
        Throwable wrapped = cause instanceof KafkaException ? cause.getCause() : null;
        return wrapped == null ? said : said + ": " + wrapped.getMessage();
    }

    @Override
    public void stop() {
        stopped.countDown();
    }

    @Override
    public Duration patience() {
        return STOP_WITHIN;
    }

    private boolean awaitFirst(ModelSubscriber<SpeechModel> subscriber) throws InterruptedException {
        while (stopped.getCount() > 0) {
            try {
                subscriber.awaitVersion(0, PATIENCE);
                return true;
            } catch (TimeoutException e) {
                spec.commandLine().getOut().printf("%s  no version of %s yet%n", now(), modelId);
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
                last = stopped.await(1, TimeUnit.SECONDS);
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
