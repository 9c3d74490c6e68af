package dev.koine.cli.option;

import dev.koine.schemas.Bundle;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import java.time.Instant;
import java.util.List;

/** Events that protect languages. */
public final class Protection {
    private Protection() {}

    /**
     * An event that protects a language.
     *
     * @param expertId what the protection is called, by which it can be retracted
     */
    public static ExpertEvent event(
            String modelId, String expertId, long revision, String language, double weight, Bundle statistics) {
        return ExpertEvent.newBuilder()
                .setAction(ExpertAction.MERGE)
                .setModelId(modelId)
                .setExpertId(expertId)
                .setRevision(revision)
                .setLanguages(List.of(language))
                .setWeight(weight)
                .setStatistics(statistics)
                .setTime(Instant.now())
                .build();
    }
}
