package dev.koine.flink.harness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.broker.EmbeddedBroker;
import dev.koine.engine.Device;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Bundles;
import dev.koine.events.EventPublisher;
import dev.koine.events.Outcome;
import dev.koine.events.OutcomeReader;
import dev.koine.events.Recipes;
import dev.koine.flink.config.MergeJobConfig;
import dev.koine.flink.embedded.EmbeddedJob;
import dev.koine.flink.topics.TopicSetup;
import dev.koine.lifecycle.option.JobSettings;
import dev.koine.lifecycle.option.MergeJobOptions;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.schemas.Rejection;
import dev.koine.schemas.Topics;
import dev.koine.testkit.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.apache.flink.configuration.Configuration;
import org.jspecify.annotations.Nullable;

/** A broker, a merge job and what talks to them, in this JVM. */
public final class KoineHarness implements AutoCloseable {
    /** Only a job that does nothing takes so long: the first event of a busy machine has taken more than one minute. */
    public static final Duration PATIENCE = Duration.ofMinutes(5);

    public final EmbeddedBroker broker;
    public final MergeJobConfig config;
    public final EmbeddedJob job;
    public final EventPublisher publisher;
    public final OutcomeReader outcomes;

    private KoineHarness(EmbeddedBroker broker, MergeJobConfig config, EmbeddedJob job) throws IOException {
        this.broker = broker;
        this.config = config;
        this.job = job;
        Properties kafka = config.kafkaProperties();
        this.publisher = new EventPublisher(kafka);
        this.outcomes = new OutcomeReader(kafka, Topics.DEFAULT);
    }

    /** Starts in a directory; bundles may lie there and among the fixtures. */
    public static KoineHarness start(Path directory) throws IOException {
        return start(directory, settings -> settings);
    }

    /** As {@link #start(Path)}, with experts that wait so long for their model. */
    public static KoineHarness start(Path directory, Duration unknownModelGrace) throws IOException {
        return start(directory, settings -> settings.with(MergeJobOptions.UNKNOWN_MODEL_GRACE, unknownModelGrace));
    }

    /** Starts with other settings than usual. */
    public static KoineHarness start(Path directory, UnaryOperator<JobSettings> settings) throws IOException {
        return start(directory, settings, new Configuration());
    }

    /**
     * Starts with other settings than usual.
     *
     * @param flink settings of the Flink cluster besides
     */
    public static KoineHarness start(Path directory, UnaryOperator<JobSettings> settings, Configuration flink)
            throws IOException {
        return start(directory, EmbeddedBroker.start(directory.resolve("kafka")), settings, 2, flink);
    }

    /** Starts a job of some parallelism at a broker, which is closed with it. */
    public static KoineHarness start(Path directory, EmbeddedBroker broker, int slots) throws IOException {
        return start(directory, broker, settings -> settings, slots);
    }

    /** Starts a job of some parallelism, with other settings than usual, at a broker, which is closed with it. */
    public static KoineHarness start(
            Path directory, EmbeddedBroker broker, UnaryOperator<JobSettings> settings, int slots) throws IOException {
        return start(directory, broker, settings, slots, new Configuration());
    }

    private static KoineHarness start(
            Path directory, EmbeddedBroker broker, UnaryOperator<JobSettings> settings, int slots, Configuration flink)
            throws IOException {
        try {
            MergeJobConfig config = MergeJobConfig.of(settings.apply(settings(broker, directory)));
            TopicSetup.createMissing(config.kafkaProperties(), Topics.DEFAULT, 2);
            EmbeddedJob job =
                    EmbeddedJob.start(config, directory.resolve("flink"), slots, Duration.ofMillis(200), flink);
            return new KoineHarness(broker, config, job);
        } catch (IOException | RuntimeException e) {
            broker.close();
            throw e;
        }
    }

    private static JobSettings settings(EmbeddedBroker broker, Path directory) throws IOException {
        Path store = Files.createDirectories(directory.resolve("store"));
        return JobSettings.NONE
                .with(MergeJobOptions.BOOTSTRAP_SERVERS, broker.bootstrapServers())
                .with(MergeJobOptions.STORE, store.toUri())
                .with(MergeJobOptions.ALLOWED_PLACES, List.of(directory.toUri(), Fixtures.ROOT.toUri()))
                .with(MergeJobOptions.UNKNOWN_MODEL_GRACE, Duration.ofSeconds(10))
                .with(MergeJobOptions.SCRATCH, directory.toString())
                .with(MergeJobOptions.THREADS, 2)
                .with(MergeJobOptions.DECOMPOSITION, Device.CPU)
                .with(MergeJobOptions.EVALUATION_DEVICE, Device.CPU);
    }

    public Outcome register(String modelId, Path base) throws Exception {
        return register(modelId, Bundle.describe(base), Recipe.PUBLISHED);
    }

    public Outcome register(String modelId, Bundle base, Recipe recipe) throws Exception {
        return await(send(registration(modelId, base, recipe)));
    }

    /** @param checkpoint that the base was exported from */
    public Outcome register(String modelId, Path base, Path checkpoint) throws Exception {
        ModelRegistration registration = registration(modelId, Bundle.describe(base), Recipe.PUBLISHED);
        registration.setCheckpoint(Bundles.toAvro(Bundle.describe(checkpoint)));
        return await(send(registration));
    }

    public static ModelRegistration registration(String modelId, Bundle base, Recipe recipe) {
        ModelRegistration registration = registration(modelId, base);
        registration.setRecipe(Recipes.toAvro(recipe));
        return registration;
    }

    /** Without a recipe. */
    public static ModelRegistration registration(String modelId, Bundle base) {
        return ModelRegistration.newBuilder()
                .setModelId(modelId)
                .setBase(Bundles.toAvro(base))
                .setTime(Instant.now())
                .build();
    }

    public Outcome merge(String modelId, String expertId, long revision, Path bundle) throws Exception {
        return merge(modelId, expertId, revision, Bundle.describe(bundle), 1);
    }

    public Outcome merge(String modelId, String expertId, long revision, Bundle bundle, double weight)
            throws Exception {
        return await(send(mergeEvent(modelId, expertId, revision, bundle, weight)));
    }

    public Outcome retract(String modelId, String expertId) throws Exception {
        return await(send(retractEvent(modelId, expertId)));
    }

    public static ExpertEvent retractEvent(String modelId, String expertId) {
        return ExpertEvent.newBuilder()
                .setAction(ExpertAction.RETRACT)
                .setModelId(modelId)
                .setExpertId(expertId)
                .setTime(Instant.now())
                .build();
    }

    public static ExpertEvent mergeEvent(String modelId, String expertId, long revision, Bundle bundle, double weight) {
        return ExpertEvent.newBuilder()
                .setAction(ExpertAction.MERGE)
                .setModelId(modelId)
                .setExpertId(expertId)
                .setRevision(revision)
                .setLanguages(List.of(expertId))
                .setTasks(List.of("TRANSCRIBE"))
                .setWeight(weight)
                .setBundle(Bundles.toAvro(bundle))
                .setTime(Instant.now())
                .build();
    }

    public Position send(ExpertEvent event) throws IOException {
        return publisher.publish(Topics.DEFAULT.experts(), event.getModelId(), event, ExpertEvent.class);
    }

    public Position send(ModelRegistration event) throws IOException {
        return publisher.publish(Topics.DEFAULT.models(), event.getModelId(), event, ModelRegistration.class);
    }

    public Outcome await(Position position) throws IOException {
        return outcomes.await(position, PATIENCE)
                .orElseThrow(() -> new AssertionError("nothing became of " + position));
    }

    public static ModelUpdate updated(Outcome outcome) {
        assertThat(outcome).isInstanceOf(Outcome.Updated.class);
        return ((Outcome.Updated) outcome).update();
    }

    public static Rejection rejected(Outcome outcome) {
        assertThat(outcome).isInstanceOf(Outcome.Rejected.class);
        return ((Outcome.Rejected) outcome).rejection();
    }

    /** Waits until so many events have ended in an update or a rejection, from the beginning. */
    public List<Outcome> awaitAll(int events) throws IOException {
        return awaitAll(outcome -> true, events);
    }

    /** As {@link #awaitAll(int)}, of one model alone. */
    public List<Outcome> awaitAll(String modelId, int events) throws IOException {
        return awaitAll(outcome -> modelId.equals(modelOf(outcome)), events);
    }

    private List<Outcome> awaitAll(Predicate<Outcome> wanted, int events) throws IOException {
        Instant deadline = Instant.now().plus(PATIENCE);
        try (OutcomeReader reader = new OutcomeReader(config.kafkaProperties(), Topics.DEFAULT)) {
            List<Outcome> found =
                    new ArrayList<>(reader.readAll().stream().filter(wanted).toList());
            while (found.size() < events && Instant.now().isBefore(deadline)) {
                reader.poll().stream().filter(wanted).forEach(found::add);
            }
            return found;
        }
    }

    private static @Nullable String modelOf(Outcome outcome) {
        return outcome instanceof Outcome.Updated updated
                ? updated.update().getModelId()
                : ((Outcome.Rejected) outcome).rejection().getModelId();
    }

    /** What both topics hold from the beginning. */
    public List<Outcome> all() throws IOException {
        try (OutcomeReader reader = new OutcomeReader(config.kafkaProperties(), Topics.DEFAULT)) {
            return reader.readAll();
        }
    }

    @Override
    public void close() throws Exception {
        try (broker;
                job;
                publisher;
                outcomes) {
            publisher.close();
        }
    }
}
