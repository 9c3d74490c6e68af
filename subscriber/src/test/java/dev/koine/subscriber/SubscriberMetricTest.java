package dev.koine.subscriber;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.schemas.Bundle;
import dev.koine.schemas.ModelUpdate;
import dev.koine.testkit.Updates;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class SubscriberMetricTest {
    private static final Instant SENT = Instant.ofEpochSecond(100);

    private final StatusKeeper keeper = new StatusKeeper();

    @Test
    void beforeTheFirstVersionThereIsNone() {
        SubscriberStatus status = keeper.at(null);
        assertThat(SubscriberMetric.SERVED_VERSION.of(status)).isEqualTo(-1);
        assertThat(SubscriberMetric.NEWEST_VERSION.of(status)).isEqualTo(-1);
        assertThat(SubscriberMetric.BEHIND_SECONDS.of(status)).isZero();
        assertThat(SubscriberMetric.EVENT_TO_SERVED_SECONDS.of(status)).isZero();
    }

    @Test
    void isBehindFromWhenAVersionIsKnownUntilItServes() {
        keeper.announced(update(3), null);
        keeper.announced(update(2), null);
        assertThat(SubscriberMetric.BEHIND_SECONDS.of(keeper.at(null))).isPositive();
        ServedVersion served = new ServedVersion(update(3), Path.of("here"), SENT.plusSeconds(12));
        keeper.served(served, Duration.ofMillis(1500).toNanos());
        keeper.upToDate();
        keeper.announced(update(1), served);
        SubscriberStatus status = keeper.at(served);
        assertThat(SubscriberMetric.SERVED_VERSION.of(status)).isEqualTo(3);
        assertThat(SubscriberMetric.NEWEST_VERSION.of(status)).isEqualTo(3);
        assertThat(SubscriberMetric.BEHIND_SECONDS.of(status))
                .as("nothing newer")
                .isZero();
        assertThat(SubscriberMetric.EVENT_TO_SERVED_SECONDS.of(status)).isEqualTo(12);
        assertThat(SubscriberMetric.INSTALL_SECONDS.of(status)).isEqualTo(1.5);
        assertThat(SubscriberMetric.SWAPS_TOTAL.of(status)).isEqualTo(1);
    }

    @Test
    void isTextThatPrometheusReads() {
        keeper.refused();
        keeper.trouble();
        keeper.trouble();
        String text = SubscriberMetric.text("a\"b\\c\n", keeper.at(null));
        assertThat(text.lines().filter(line -> !line.startsWith("#")))
                .hasSameSizeAs(List.of(SubscriberMetric.values()))
                .contains("koine_subscriber_refused_total{model=\"a\\\"b\\\\c\\n\"} 1.0")
                .contains("koine_subscriber_troubles_total{model=\"a\\\"b\\\\c\\n\"} 2.0");
        assertThat(text)
                .contains("# TYPE koine_subscriber_troubles_total counter\n")
                .contains("# TYPE koine_subscriber_behind_seconds gauge\n");
    }

    private static ModelUpdate update(long version) {
        ModelUpdate update = Updates.of("demo", version, "sha256:0", new Bundle("file:///store/", List.of()));
        update.getCause().getPosition().setTimestamp(SENT);
        return update;
    }
}
