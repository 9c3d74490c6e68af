package dev.koine.cli.demo;

import dev.koine.engine.RejectedException;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Bundles;
import dev.koine.events.EventPublisher;
import dev.koine.events.Outcome;
import dev.koine.events.OutcomeReader;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.Position;
import dev.koine.schemas.Topics;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;

/** Sends events to the merge job, as a pipeline does, and waits for what becomes of each. */
record Submissions(EventPublisher publisher, OutcomeReader outcomes) {
    static final Duration PATIENCE = Duration.ofSeconds(60);

    Outcome register(ModelRegistration event) throws IOException {
        return send(Topics.DEFAULT.models(), event.getModelId(), event, ModelRegistration.class);
    }

    Outcome submit(ExpertEvent event) throws IOException {
        return send(Topics.DEFAULT.experts(), event.getModelId(), event, ExpertEvent.class);
    }

    /** An expert that is called after its language. */
    static ExpertEvent.Builder expert(String modelId, String language, long revision, Path bundle)
            throws IOException, RejectedException {
        return ExpertEvent.newBuilder()
                .setAction(ExpertAction.MERGE)
                .setModelId(modelId)
                .setExpertId(language)
                .setRevision(revision)
                .setLanguages(List.of(language))
                .setTasks(List.of("TRANSCRIBE"))
                .setBundle(Bundles.toAvro(Bundle.describe(bundle)))
                .setTime(Instant.now());
    }

    private <T extends SpecificRecord> Outcome send(String topic, String modelId, T event, Class<T> type)
            throws IOException {
        Position position = publisher.publish(topic, modelId, event, type);
        return outcomes.await(position, PATIENCE)
                .orElseThrow(
                        () -> new IOException("Nothing became of " + event + " within " + PATIENCE + "; see the log."));
    }
}
