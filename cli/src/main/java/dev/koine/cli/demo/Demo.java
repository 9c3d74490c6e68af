package dev.koine.cli.demo;

import dev.koine.cli.embedded.EmbeddedKoine;
import dev.koine.cli.speech.SpeechService;
import dev.koine.engine.Device;
import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.method.Lors;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Bundles;
import dev.koine.events.EventPublisher;
import dev.koine.events.Outcome;
import dev.koine.events.OutcomeReader;
import dev.koine.events.Recipes;
import dev.koine.lifecycle.gate.GatePolicies;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.Topics;
import dev.koine.speech.SpeechModel;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.subscriber.Lease;
import dev.koine.subscriber.ModelSubscriber;
import dev.koine.subscriber.ServedVersion;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A speech model that learns languages while it serves. Everything is real: the broker, the Flink job, the ONNX models, the
 * speech service; only the speech is synthetic.
 */
public final class Demo {
    private static final double TOO_HEAVY = 30;

    private static final GatePolicy GATE =
            GatePolicies.defaults().setMode("ENFORCE").build();

    private static final String MODEL = "demo";
    private static final List<String> EXPERTS = List.of("ca", "de", "es", "fr", "it");
    private static final String TRAINED = "ca";
    private static final String ADAPTED = "nl";
    private static final List<String> LANGUAGES =
            Stream.concat(EXPERTS.stream(), Stream.of(ADAPTED)).toList();
    private static final String REPLACED = "de";
    private static final String REPLACEMENT = "de-2";

    private final Fixtures fixtures;
    private final Fixtures whisper;
    private final Path directory;
    private final @Nullable String python;
    private final PrintWriter out;
    private final DemoTable table;
    private final List<DemoReport.Version> versions = new ArrayList<>();
    private final List<DemoReport.Rejected> rejections = new ArrayList<>();

    /**
     * @param fixtures folder with base, experts and held-out speech; beside it, {@code whisper} with another base and its own
     * @param directory empty folder to work in
     * @param python command of a Python that a second service runs in; null for none
     */
    public Demo(Path fixtures, Path directory, @Nullable String python, PrintWriter out) {
        this.fixtures = new Fixtures(fixtures.toAbsolutePath().normalize());
        this.whisper = new Fixtures(this.fixtures.directory().resolveSibling("whisper"));
        this.directory = directory;
        this.python = python;
        this.out = out;
        this.table = new DemoTable(out, LANGUAGES);
    }

    /**
     * Runs the demonstration to its end.
     *
     * @param report file for what was seen; null for none
     * @throws IOException if anything did not happen that had to
     */
    public void run(@Nullable Path report) throws Exception {
        fixtures.requireThere();
        whisper.requireThere();
        out.println("Starting a Kafka broker, the merge job on Flink, and a speech service in this process ...");
        Evaluation evaluation = Evaluation.of(fixtures, LANGUAGES);
        try (EmbeddedKoine koine = EmbeddedKoine.start(
                        directory.resolve("koine"),
                        EmbeddedKoine.Settings.of(
                                List.of(
                                        fixtures.directory().toUri(),
                                        whisper.directory().toUri(),
                                        directory.toUri()),
                                Device.AUTO));
                EventPublisher publisher = new EventPublisher(koine.kafkaProperties());
                OutcomeReader outcomes = new OutcomeReader(koine.kafkaProperties(), Topics.DEFAULT);
                ModelSubscriber<SpeechModel> subscriber = ModelSubscriber.<SpeechModel>builder()
                        .bootstrapServers(koine.bootstrapServers())
                        .modelId(MODEL)
                        .cacheDirectory(directory.resolve("service"))
                        .loader(bundle -> SpeechModel.open(bundle, OnnxOptions.DEFAULT))
                        .start()) {
            Submissions job = new Submissions(publisher, outcomes);
            Stage stage = new Stage(job, subscriber, evaluation, baseRates(evaluation), expertRates());
            stage.register();
            table.head("Word error rate on held-out speech, in percent:");
            table.row("base alone", stage.base);
            table.row("expert alone", stage.experts);
            stage.show(0, "registered");
            DemoReport.Service service;
            try (PythonService beside = python == null ? null : pythonService(python, koine);
                    SpeechService speech = SpeechService.start(subscriber, evaluation.speech())) {
                stage.play();
                service = new DemoReport.Service(speech.decoded(), speech.failed(), versions.size());
                conclude(service);
                if (beside != null) {
                    compare(beside);
                }
            }
            DemoReport.Weighed weighed = new WeighedDemo(whisper, directory, out).run(koine, job);
            if (report != null) {
                new DemoReport(versions, rejections, service, weighed).write(report);
            }
        }
    }

    private Map<String, Double> baseRates(Evaluation evaluation) throws Exception {
        try (SpeechModel base = SpeechModel.open(fixtures.base(), OnnxOptions.DEFAULT)) {
            return evaluation.wordErrorRates(base);
        }
    }

    private Map<String, Double> expertRates() throws Exception {
        Map<String, Double> rates = new LinkedHashMap<>();
        for (String language : LANGUAGES) {
            Path bundle =
                    switch (language) {
                        case REPLACED -> fixtures.expert(REPLACEMENT);
                        case ADAPTED ->
                            AdaptedBase.write(fixtures, fixtures.adapter(ADAPTED), directory.resolve("adapted"));
                        default -> fixtures.expert(language);
                    };
            try (SpeechModel expert = SpeechModel.open(bundle, OnnxOptions.DEFAULT)) {
                rates.putAll(Evaluation.of(fixtures, List.of(language)).wordErrorRates(expert));
            }
        }
        return rates;
    }

    private void conclude(DemoReport.Service service) throws IOException {
        out.printf(
                "%nThe model went from %s %% to %s %% mean word error rate in %d versions. Meanwhile the service answered %d calls;"
                        + " %d failed.%n",
                DemoTable.percent(versions.get(0).meanMerged()),
                DemoTable.percent(versions.get(versions.size() - 1).meanMerged()),
                versions.size() - 1,
                service.decoded(),
                service.failed());
        if (service.failed() > 0) {
            throw new IOException("The speech service failed to answer " + service.failed() + " calls; see the log.");
        }
    }

    private PythonService pythonService(String python, EmbeddedKoine koine) throws IOException {
        return PythonService.start(
                python,
                fixtures.directory().resolve("../../../clients/python/src").normalize(),
                MODEL,
                koine.bootstrapServers(),
                directory.resolve("python"));
    }

    private void compare(PythonService beside) throws IOException, InterruptedException {
        SortedMap<Long, String> served = beside.await(versions.size() - 1, Submissions.PATIENCE);
        for (Map.Entry<Long, String> version : served.entrySet()) {
            String digest = versions.get(Math.toIntExact(version.getKey())).digest();
            if (!digest.equals(version.getValue())) {
                throw new IOException("Version " + version.getKey() + " is " + digest + " here and "
                        + version.getValue() + " in the service in Python.");
            }
        }
        out.printf(
                "A service in Python served %d of these %d versions, the last one too, each with the same digest.%n",
                served.size(), versions.size());
    }

    /** The running parts, and what is done with them. */
    private final class Stage {
        private final Submissions job;
        private final ModelSubscriber<SpeechModel> subscriber;
        private final Evaluation evaluation;
        private final Map<String, Double> base;
        private final Map<String, Double> experts;

        Stage(
                Submissions job,
                ModelSubscriber<SpeechModel> subscriber,
                Evaluation evaluation,
                Map<String, Double> base,
                Map<String, Double> experts) {
            this.job = job;
            this.subscriber = subscriber;
            this.evaluation = evaluation;
            this.base = base;
            this.experts = experts;
        }

        void register() throws Exception {
            ModelRegistration registration = ModelRegistration.newBuilder()
                    .setModelId(MODEL)
                    .setBase(Bundles.toAvro(Bundle.describe(fixtures.base())))
                    .setCheckpoint(Bundles.toAvro(Bundle.describe(fixtures.checkpoint("base"))))
                    .setEvaluationSets(evaluationSets())
                    .setGate(GATE)
                    .setRecipe(Recipes.toAvro(Recipe.standard(new Lors())))
                    .setTime(Instant.now())
                    .build();
            job.register(registration);
        }

        private List<dev.koine.schemas.Bundle> evaluationSets() throws IOException, RejectedException {
            List<dev.koine.schemas.Bundle> sets = new ArrayList<>();
            for (String language : LANGUAGES) {
                sets.add(Bundles.toAvro(Bundle.describe(fixtures.evaluationPlace(language))));
            }
            return sets;
        }

        void play() throws Exception {
            for (String language : EXPERTS) {
                boolean isTrained = language.equals(TRAINED);
                Path bundle = isTrained ? fixtures.checkpoint(language) : fixtures.expert(language);
                merge("+ " + language + (isTrained ? " checkpoint" : ""), language, 1, bundle);
            }
            String before = last().digest();
            retract("it");
            merge("+ it again", "it", 1, fixtures.expert("it"));
            if (!last().digest().equals(before)) {
                throw new IOException(
                        "The same experts gave another digest than before: " + last().digest() + ", not " + before);
            }
            out.printf("         the same experts as in version %d, and bit for bit the same model%n", EXPERTS.size());
            merge(REPLACED + ", revision 2", REPLACED, 2, fixtures.expert(REPLACEMENT));
            Path broken = directory.resolve("broken");
            BrokenExpert.make(fixtures.expert("fr"), broken);
            merge("+ broken", "fr", 2, broken);
            merge("+ fr, weight " + TOO_HEAVY, "fr", 2, fixtures.expert("fr"), TOO_HEAVY);
            merge("+ " + ADAPTED + " adapter", ADAPTED, 1, fixtures.adapter(ADAPTED));
        }

        private DemoReport.Version last() {
            return versions.get(versions.size() - 1);
        }

        private void merge(String change, String expert, long revision, Path bundle) throws Exception {
            merge(change, expert, revision, bundle, 1);
        }

        private void merge(String change, String expert, long revision, Path bundle, double weight) throws Exception {
            ExpertEvent event = Submissions.expert(MODEL, expert, revision, bundle)
                    .setWeight(weight)
                    .build();
            tell(job.submit(event), change);
        }

        private void retract(String expert) throws Exception {
            ExpertEvent event = ExpertEvent.newBuilder()
                    .setAction(ExpertAction.RETRACT)
                    .setModelId(MODEL)
                    .setExpertId(expert)
                    .setTime(Instant.now())
                    .build();
            tell(job.submit(event), "- " + expert);
        }

        private void tell(Outcome outcome, String change) throws Exception {
            if (outcome instanceof Outcome.Rejected rejected) {
                String code = rejected.rejection().getCode();
                String message = rejected.rejection().getMessage();
                rejections.add(new DemoReport.Rejected(code, message));
                out.printf("refused  %s: %s%n         %s%n", change, code, message);
            } else {
                show(((Outcome.Updated) outcome).update().getVersion(), change);
            }
        }

        private void show(long version, String change) throws Exception {
            ServedVersion served = subscriber.awaitVersion(version, Submissions.PATIENCE);
            Map<String, Double> merged;
            try (Lease<SpeechModel> lease = subscriber.acquire()) {
                merged = evaluation.wordErrorRates(lease.model());
            }
            DemoReport.Version shown =
                    DemoReport.Version.of(change, served, DemoReport.ErrorRates.of(base, merged, experts));
            versions.add(shown);
            table.version(shown);
        }
    }
}
