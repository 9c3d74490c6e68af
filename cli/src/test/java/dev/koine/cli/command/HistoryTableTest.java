package dev.koine.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.schemas.Bundle;
import dev.koine.schemas.Cause;
import dev.koine.schemas.Change;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.schemas.Recipe;
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

    private static String printed(@Nullable Double share) {
        ModelUpdate update = ModelUpdate.newBuilder()
                .setModelId("demo")
                .setVersion(1)
                .setDigest("sha256:" + "1".repeat(64))
                .setBundle(new Bundle("file:///store/", List.of()))
                .setExperts(List.of())
                .setRecipe(Recipe.newBuilder().build())
                .setCause(Cause.newBuilder()
                        .setChange(Change.MERGED)
                        .setExpertId("de")
                        .setRevision(2L)
                        .setPosition(new Position("koine.experts", 1, 17L, Instant.EPOCH))
                        .build())
                .setTime(Instant.EPOCH)
                .setUpdateShare(share)
                .build();
        StringWriter text = new StringWriter();
        PrintWriter out = new PrintWriter(text);
        new HistoryTable(out, false).print(List.of(update), List.of());
        out.flush();
        return text.toString();
    }
}
