package dev.koine.cli.topic;

import dev.koine.cli.option.KafkaOptions;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.events.Outcome;
import dev.koine.events.OutcomeReader;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Topics;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which announced version of which model. */
public final class Announced {
    @Option(names = "--model", required = true, paramLabel = "ID", description = "Name of the model.")
    public String modelId;

    @Option(names = "--model-version", paramLabel = "N", description = "The version (default: the newest).")
    @Nullable
    public Long version;

    @Mixin
    public KafkaOptions kafka;

    /** A version, and version 0 of its model where the topic still has it. */
    public record Found(ModelUpdate version, Optional<ModelUpdate> first) {}

    /**
     * Looks the version up.
     *
     * @throws RejectedException {@link RejectionCode#UNKNOWN_MODEL} or {@link RejectionCode#UNKNOWN_VERSION}
     */
    public Found find() throws IOException, RejectedException {
        return find(kafka, modelId, version);
    }

    /**
     * As {@link #find()}.
     *
     * @param version null for the newest
     */
    public static Found find(KafkaOptions kafka, String modelId, @Nullable Long version)
            throws IOException, RejectedException {
        List<ModelUpdate> all;
        try (OutcomeReader reader = new OutcomeReader(kafka.properties(), Topics.DEFAULT)) {
            all = versions(reader.readAll(), modelId);
        }
        if (all.isEmpty()) {
            throw new RejectedException(
                    RejectionCode.UNKNOWN_MODEL, "No version is announced for a model '" + modelId + "'.");
        }
        ModelUpdate newest = all.get(all.size() - 1);
        ModelUpdate found = version == null
                ? newest
                : all.stream()
                        .filter(update -> version.equals(update.getVersion()))
                        .findFirst()
                        .orElseThrow(() -> new RejectedException(
                                RejectionCode.UNKNOWN_VERSION,
                                "The topic has no version " + version + " of model '" + modelId + "'; the newest is "
                                        + newest.getVersion() + "."));
        return new Found(
                found, all.stream().filter(update -> update.getVersion() == 0).findFirst());
    }

    /** The versions of a model among all outcomes, in their order. */
    public static List<ModelUpdate> versions(List<Outcome> outcomes, String modelId) {
        return outcomes.stream()
                .filter(Outcome.Updated.class::isInstance)
                .map(outcome -> ((Outcome.Updated) outcome).update())
                .filter(update -> update.getModelId().equals(modelId))
                .sorted(Comparator.comparing(ModelUpdate::getVersion))
                .toList();
    }
}
