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
import dev.koine.lifecycle.event.Recipes;
import dev.koine.lifecycle.gate.GatePolicies;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.schemas.Topics;
import dev.koine.speech.SpeechModel;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.subscriber.Lease;
import dev.koine.subscriber.ModelSubscriber;
import dev.koine.subscriber.ServedVersion;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
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
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Fixtures fixtures;
    private final Path directory;
    private final PrintWriter out;
    private final DemoTable table;
    private final List<DemoReport.Version> versions = new ArrayList<>();
    private final List<DemoReport.Rejected> rejections = new ArrayList<>();

    /**
     * @param fixtures folder with base, experts and held-out speech
     * @param directory empty folder to work in
     */
    public Demo(Path fixtures, Path directory, PrintWriter out) {
        this.fixtures = new Fixtures(fixtures.toAbsolutePath().normalize());
        this.directory = directory;
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
        out.println("Starting a Kafka broker, the merge job on Flink, and a speech service in this process ...");
        Evaluation evaluation = Evaluation.of(fixtures, LANGUAGES);
        try (EmbeddedKoine koine = EmbeddedKoine.start(
                        directory.resolve("koine"),
                        EmbeddedKoine.Settings.of(
                                List.of(fixtures.directory().toUri(), directory.toUri()), Device.AUTO));
                EventPublisher publisher = new EventPublisher(koine.kafkaProperties());
                OutcomeReader outcomes = new OutcomeReader(koine.kafkaProperties(), Topics.DEFAULT);
                ModelSubscriber<SpeechModel> subscriber = ModelSubscriber.<SpeechModel>builder()
                        .bootstrapServers(koine.bootstrapServers())
                        .modelId(MODEL)
                        .cacheDirectory(directory.resolve("service"))
                        .loader(bundle -> SpeechModel.open(bundle, OnnxOptions.DEFAULT))
                        .start()) {
            Stage stage = new Stage(publisher, outcomes, subscriber, evaluation, baseRates(evaluation), expertRates());
            stage.register();
            table.head(stage.base, stage.experts);
            stage.show(0, "registered");
            DemoReport.Service service;
            try (SpeechService speech = SpeechService.start(subscriber, evaluation.speech())) {
                stage.play();
                service = new DemoReport.Service(speech.decoded(), speech.failed(), versions.size());
            }
            DemoReport seen = new DemoReport(versions, rejections, service);
            conclude(seen);
            if (report != null) {
                seen.write(report);
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

    private void conclude(DemoReport seen) throws IOException {
        DemoReport.Version first = versions.get(0);
        DemoReport.Version last = versions.get(versions.size() - 1);
        out.printf(
                "%nThe model went from %s %% to %s %% mean word error rate in %d versions. Meanwhile the service answered %d calls;"
                        + " %d failed.%n",
                DemoTable.percent(first.meanMerged()),
                DemoTable.percent(last.meanMerged()),
                versions.size() - 1,
                seen.service().decoded(),
                seen.service().failed());
        if (seen.service().failed() > 0) {
            throw new IOException(
                    "The speech service failed to answer " + seen.service().failed() + " calls; see the log.");
        }
    }

    private static String name(MergedExpert expert) {
        return expert.getRevision() == 1 ? expert.getExpertId() : expert.getExpertId() + ":" + expert.getRevision();
    }

    /** The running parts, and what is done with them. */
    private final class Stage {
        private final EventPublisher publisher;
        private final OutcomeReader outcomes;
        private final ModelSubscriber<SpeechModel> subscriber;
        private final Evaluation evaluation;
        private final Map<String, Double> base;
        private final Map<String, Double> experts;

        Stage(
                EventPublisher publisher,
                OutcomeReader outcomes,
                ModelSubscriber<SpeechModel> subscriber,
                Evaluation evaluation,
                Map<String, Double> base,
                Map<String, Double> experts) {
            this.publisher = publisher;
            this.outcomes = outcomes;
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
            send(Topics.DEFAULT.models(), registration, ModelRegistration.class);
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
            ExpertEvent event = ExpertEvent.newBuilder()
                    .setAction(ExpertAction.MERGE)
                    .setModelId(MODEL)
                    .setExpertId(expert)
                    .setRevision(revision)
                    .setLanguages(List.of(expert))
                    .setTasks(List.of("TRANSCRIBE"))
                    .setWeight(weight)
                    .setBundle(Bundles.toAvro(Bundle.describe(bundle)))
                    .setTime(Instant.now())
                    .build();
            tell(send(Topics.DEFAULT.experts(), event, ExpertEvent.class), change);
        }

        private void retract(String expert) throws Exception {
            ExpertEvent event = ExpertEvent.newBuilder()
                    .setAction(ExpertAction.RETRACT)
                    .setModelId(MODEL)
                    .setExpertId(expert)
                    .setTime(Instant.now())
                    .build();
            tell(send(Topics.DEFAULT.experts(), event, ExpertEvent.class), "- " + expert);
        }

        private <T extends SpecificRecord> Outcome send(String topic, T event, Class<T> type) throws IOException {
            Position position = publisher.publish(topic, MODEL, event, type);
            return outcomes.await(position, PATIENCE)
                    .orElseThrow(() ->
                            new IOException("Nothing became of " + event + " within " + PATIENCE + "; see the log."));
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
            ServedVersion served = subscriber.awaitVersion(version, PATIENCE);
            Map<String, Double> merged;
            try (Lease<SpeechModel> lease = subscriber.acquire()) {
                merged = evaluation.wordErrorRates(lease.model());
            }
            Map<String, DemoReport.ErrorRates> rates = new LinkedHashMap<>();
            merged.forEach((language, rate) -> rates.put(
                    language,
                    new DemoReport.ErrorRates(
                            base.getOrDefault(language, Double.NaN),
                            rate,
                            experts.getOrDefault(language, Double.NaN))));
            ModelUpdate update = served.update();
            DemoReport.Version shown = new DemoReport.Version(
                    version,
                    change,
                    update.getExperts().stream().map(Demo::name).toList(),
                    served.digest(),
                    rates,
                    Bundles.fromAvro(update.getBundle()).bytes(),
                    Duration.between(update.getCause().getPosition().getTimestamp(), served.since())
                            .toMillis());
            versions.add(shown);
            table.version(shown);
        }
    }
}
