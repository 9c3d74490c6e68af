package dev.koine.lifecycle.head;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.lifecycle.metric.FakeInstruments;
import dev.koine.schemas.Bundle;
import dev.koine.schemas.ModelUpdate;
import dev.koine.testkit.Updates;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnnouncementsTest {
    private static final String SECONDS = "event.announced_seconds[ctc]";

    private final FakeInstruments told = new FakeInstruments();
    private Instant now = Instant.ofEpochSecond(1000);
    private final Announcements announcements = new Announcements(told, () -> now);

    @Test
    void aVersionIsAnnouncedWhenACheckpointThatHoldsItIsComplete() {
        announcements.made(sent(990));
        announcements.snapshot(1);
        announcements.made(sent(995));
        announcements.completed(1);
        assertThat(told.histograms.get(SECONDS)).containsExactly(nanos(10));
        now = now.plusSeconds(5);
        announcements.completed(1);
        assertThat(told.histograms.get(SECONDS)).hasSize(1);
        announcements.snapshot(2);
        announcements.completed(2);
        assertThat(told.histograms.get(SECONDS)).containsExactly(nanos(10), nanos(10));
    }

    @Test
    void whatACheckpointHeldThatWasGivenUpIsInTheNext() {
        announcements.made(sent(999));
        announcements.snapshot(1);
        announcements.made(sent(998));
        announcements.snapshot(2);
        announcements.completed(2);
        assertThat(told.histograms.get(SECONDS)).containsExactly(nanos(1), nanos(2));
    }

    @Test
    void clocksThatDifferGiveNothingBelowZeroAndNoTimestampGivesNothing() {
        announcements.made(sent(1001));
        announcements.made(sent(-1));
        announcements.snapshot(1);
        announcements.completed(1);
        assertThat(told.histograms.get(SECONDS)).containsExactly(0L);
    }

    private static long nanos(long seconds) {
        return Duration.ofSeconds(seconds).toNanos();
    }

    private static ModelUpdate sent(long second) {
        ModelUpdate update = Updates.of("ctc", 1, "sha256:0", new Bundle("file:///store/", List.of()));
        update.getCause().getPosition().setTimestamp(Instant.ofEpochSecond(second));
        return update;
    }
}
