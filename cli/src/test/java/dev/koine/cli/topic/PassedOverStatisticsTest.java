package dev.koine.cli.topic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.events.Outcome;
import dev.koine.schemas.Bundle;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.schemas.Rejection;
import dev.koine.testkit.Updates;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PassedOverStatisticsTest {
    private static final Bundle STATISTICS = new Bundle("file:///statistics/", List.of());

    @Test
    void whoeverSentThemIsToldWhereTheModelWeighsByNone() {
        assertThat(sentence(event(true), update("COMPACT")))
                .contains(
                        "The statistics were passed over: demo is merged by COMPACT, which weighs by none. For them to count,"
                                + " register the base under another model id with --method REGMEAN.");
    }

    @Test
    void nothingIsSaidOfWhatCountsIsNotThereOrIsRefused() {
        assertThat(sentence(event(true), update("REGMEAN"))).isEmpty();
        assertThat(sentence(event(true), update("OF_A_LATER_RELEASE"))).isEmpty();
        assertThat(sentence(event(false), update("COMPACT"))).isEmpty();
        assertThat(sentence(event(true), new Outcome.Rejected(rejection()))).isEmpty();
    }

    private static Optional<String> sentence(ExpertEvent event, Outcome outcome) {
        return PassedOverStatistics.sentence(event, outcome);
    }

    private static ExpertEvent event(boolean hasStatistics) {
        return ExpertEvent.newBuilder()
                .setAction(ExpertAction.MERGE)
                .setModelId("demo")
                .setExpertId("de")
                .setStatistics(hasStatistics ? STATISTICS : null)
                .setTime(Instant.EPOCH)
                .build();
    }

    private static Outcome update(String method) {
        ModelUpdate update = Updates.of("demo", 1, "sha256:" + "1".repeat(64), new Bundle("file:///store/", List.of()));
        update.getRecipe().setMethod(method);
        return new Outcome.Updated(update);
    }

    private static Rejection rejection() {
        return Rejection.newBuilder()
                .setModelId("demo")
                .setPosition(new Position("koine.experts", 1, 17L, Instant.EPOCH))
                .setStage("INTAKE")
                .setCode("DUPLICATE")
                .setMessage("It is inside.")
                .setTime(Instant.EPOCH)
                .build();
    }
}
