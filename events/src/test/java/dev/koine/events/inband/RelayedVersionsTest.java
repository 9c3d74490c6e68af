package dev.koine.events.inband;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.schemas.Bundle;
import dev.koine.schemas.ModelUpdate;
import dev.koine.testkit.Updates;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RelayedVersionsTest {

    @Test
    void theNewestOfEachModelGoFirstAndOnlyTheKeptOnesGo() {
        RelayedVersions versions = new RelayedVersions(2);
        versions.add(List.of(update("a", 0, 1), update("a", 1, 2), update("a", 2, 3), update("b", 0, 2)));
        for (String expected : List.of("b0", "a2", "a1")) {
            ModelUpdate next = versions.next().orElseThrow();
            assertThat(next.getModelId() + next.getVersion()).isEqualTo(expected);
            versions.done(next, Set.of(expected));
        }
        assertThat(versions.next()).isEmpty();
        assertThat(versions.needed()).containsExactlyInAnyOrder("b0", "a2", "a1");

        versions.add(List.of(update("a", 3, 4), update("a", 3, 4), update("a", 2, 3)));
        assertThat(versions.next().orElseThrow().getVersion()).isEqualTo(3);
        assertThat(versions.needed()).containsExactlyInAnyOrder("b0", "a2");
    }

    private static ModelUpdate update(String model, long version, long millis) {
        ModelUpdate update = Updates.of(model, version, "sha256:x", new Bundle("file:///x/", List.of()));
        update.setTime(Instant.ofEpochMilli(millis));
        return update;
    }
}
