package dev.koine.cli.topic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.events.Outcome;
import dev.koine.schemas.Bundle;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.schemas.Rejection;
import dev.koine.testkit.Updates;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class HistoryTableTest {
    @Test
    void saysWhereLittleOfAnUpdateArrives() {
        assertThat(printed(0.17)).contains("\n         Only 17 % of the update arrives");
        assertThat(printed(0.95)).doesNotContain("arrives");
        assertThat(printed(null)).doesNotContain("arrives");
    }

    @Test
    void whatNamesNoModelIsListedWithoutOne() {
        StringWriter text = new StringWriter();
        new HistoryTable(new PrintWriter(text, true), false)
                .overview(List.of(
                        new Outcome.Updated(update(null)),
                        new Outcome.Rejected(rejection("demo", "DUPLICATE", "It is inside.")),
                        new Outcome.Rejected(rejection(null, "UNDECODABLE", "No event.\u001b"))));
        assertThat(text.toString().lines())
                .containsExactly(
                        "demo                     1 version, 1 refused",
                        "1 refused that name no model; the newest:",
                        "refused  1970-01-01T00:00:00Z koine.experts, partition 1, offset 17: UNDECODABLE: No event.?");
    }

    private static Rejection rejection(@Nullable String model, String code, String message) {
        return Rejection.newBuilder()
                .setModelId(model)
                .setPosition(new Position("koine.experts", 1, 17L, Instant.EPOCH))
                .setStage("DECODE")
                .setCode(code)
                .setMessage(message)
                .setTime(Instant.EPOCH)
                .build();
    }

    private static String printed(@Nullable Double share) {
        StringWriter text = new StringWriter();
        PrintWriter out = new PrintWriter(text);
        new HistoryTable(out, false).print(List.of(update(share)), List.of());
        out.flush();
        return text.toString();
    }

    private static ModelUpdate update(@Nullable Double share) {
        ModelUpdate update = Updates.of("demo", 1, "sha256:" + "1".repeat(64), new Bundle("file:///store/", List.of()));
        update.getCause().setExpertId("de");
        update.getCause().setRevision(2L);
        update.setUpdateShare(share);
        return update;
    }
}
