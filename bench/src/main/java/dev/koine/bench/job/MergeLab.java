package dev.koine.bench.job;

import dev.koine.broker.EmbeddedBroker;
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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Properties;
import java.util.Queue;

/** A broker and a merge job in this JVM with one model, and what sends events to it and reads what becomes of them. */
public final class MergeLab implements AutoCloseable {
    public static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final String MODEL = "shaped";

    private final EmbeddedBroker broker;
    private final EmbeddedJob job;
    private final EventPublisher publisher;
    private final OutcomeReader outcomes;
    private final Queue<Committed> unread = new ArrayDeque<>();

    private MergeLab(EmbeddedBroker broker, EmbeddedJob job, Properties kafka) throws IOException {
        this.broker = broker;
        this.job = job;
        this.publisher = new EventPublisher(kafka);
        this.outcomes = new OutcomeReader(kafka, Topics.DEFAULT);
    }

    /**
     * Starts.
     *
     * @param work an empty directory for broker, store, totals and checkpoints
     * @param models where bundles lie
     * @param slots prune tasks that run at a time
     * @param threads of each Head
     */
    public static MergeLab start(Path work, Path models, int slots, int threads, Duration checkpointInterval)
            throws IOException {
        EmbeddedBroker broker = EmbeddedBroker.start(work.resolve("kafka"));
        Path store = Files.createDirectories(work.resolve("store"));
        MergeJobConfig config = MergeJobConfig.of(JobSettings.NONE
                .with(MergeJobOptions.BOOTSTRAP_SERVERS, broker.bootstrapServers())
                .with(MergeJobOptions.STORE, store.toUri())
                .with(MergeJobOptions.ALLOWED_PLACES, List.of(models.toUri()))
                .with(MergeJobOptions.SCRATCH, work.toString())
                .with(MergeJobOptions.THREADS, threads));
        TopicSetup.createMissing(config.kafkaProperties(), Topics.DEFAULT, 2);
        EmbeddedJob job = EmbeddedJob.start(config, work.resolve("flink"), slots, checkpointInterval);
        return new MergeLab(broker, job, config.kafkaProperties());
    }

    public EmbeddedJob job() {
        return job;
    }

    public Position register(Bundle base) throws IOException {
        return publisher.publish(
                Topics.DEFAULT.models(),
                MODEL,
                ModelRegistration.newBuilder()
                        .setModelId(MODEL)
                        .setBase(Bundles.toAvro(base))
                        .setRecipe(Recipes.toAvro(Recipe.PUBLISHED))
                        .setTime(Instant.now())
                        .build(),
                ModelRegistration.class);
    }

    public Position merge(String expertId, Bundle bundle, double weight) throws IOException {
        return publisher.publish(
                Topics.DEFAULT.experts(),
                MODEL,
                ExpertEvent.newBuilder()
                        .setAction(ExpertAction.MERGE)
                        .setModelId(MODEL)
                        .setExpertId(expertId)
                        .setRevision(1)
                        .setLanguages(List.of(expertId))
                        .setTasks(List.of("TRANSCRIBE"))
                        .setWeight(weight)
                        .setBundle(Bundles.toAvro(bundle))
                        .setTime(Instant.now())
                        .build(),
                ExpertEvent.class);
    }

    /** Waits until the event's update or rejection is committed. Events are to be asked for in the order of their outcomes. */
    public Committed await(Position event) throws IOException {
        Instant deadline = Instant.now().plus(PATIENCE);
        while (Instant.now().isBefore(deadline)) {
            for (Committed found = unread.poll(); found != null; found = unread.poll()) {
                if (found.outcome().event().equals(event)) {
                    return found;
                }
            }
            List<Outcome> more = outcomes.poll();
            Instant seen = Instant.now();
            more.forEach(outcome -> unread.add(new Committed(outcome, seen)));
        }
        throw new IOException("Nothing became of " + event);
    }

    /** What became of an event, and when it could be read. */
    public record Committed(Outcome outcome, Instant seen) {
        ModelUpdate update() throws IOException {
            if (outcome instanceof Outcome.Updated made) {
                return made.update();
            }
            throw new IOException("The event was refused: " + outcome);
        }

        Rejection rejection() throws IOException {
            if (outcome instanceof Outcome.Rejected refused) {
                return refused.rejection();
            }
            throw new IOException("The event was not refused: " + outcome);
        }
    }

    @Override
    public void close() throws IOException {
        try (broker;
                job) {
            publisher.close();
            outcomes.close();
        }
    }
}
