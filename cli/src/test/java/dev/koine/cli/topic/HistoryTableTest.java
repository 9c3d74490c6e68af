package dev.koine.cli.topic;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.events.Outcome;
import dev.koine.schemas.Bundle;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.schemas.Rejection;
import dev.koine.testkit.Updates;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.util.ArrayList;
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

    /** Updates and rejections are on topics of their own, and come one topic after the other. */
    @Test
    void jsonIsInTheOrderOfTheEvents() throws Exception {
        ModelUpdate later = update(null);
        later.getCause().getPosition().setTimestamp(Instant.EPOCH.plusSeconds(1));
        StringWriter text = new StringWriter();
        new HistoryTable(new PrintWriter(text, true), false)
                .json(
                        List.of(
                                new Outcome.Updated(later),
                                new Outcome.Rejected(rejection("demo", "DUPLICATE", "It is inside."))),
                        "demo");
        assertThat(text.toString().lines().map(line -> line.contains("DUPLICATE")))
                .containsExactly(true, false);
    }

    @Test
    void jsonHasOneLineForEachRecordOfTheModel() throws Exception {
        StringWriter text = new StringWriter();
        List<Outcome> outcomes = List.of(
                new Outcome.Updated(update(0.5)),
                new Outcome.Rejected(rejection("other", "DUPLICATE", "It is inside.")),
                new Outcome.Rejected(rejection("demo", "NOT_ONNX", "A line\nand\u001b another.")));
        new HistoryTable(new PrintWriter(text, true), false).json(outcomes, "demo");
        List<JsonNode> read = new ArrayList<>();
        for (String line : text.toString().lines().toList()) {
            read.add(new JsonMapper().readTree(line));
        }
        assertThat(read).hasSize(2);
        assertThat(read.get(0).get("version").asLong()).isEqualTo(1);
        assertThat(read.get(0).get("updateShare").asDouble()).isEqualTo(0.5);
        assertThat(read.get(1).get("message").asText()).isEqualTo("A line\nand\u001b another.");

        StringWriter all = new StringWriter();
        new HistoryTable(new PrintWriter(all, true), false).json(outcomes, null);
        assertThat(all.toString().lines()).hasSize(3);
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
