package dev.koine.subscriber;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ClockWatchTest {
    private Instant wall = Instant.EPOCH;
    private long nanos;
    private final AtomicInteger told = new AtomicInteger();
    private final ClockWatch watch = new ClockWatch(() -> wall, () -> nanos, told::incrementAndGet);

    private void pass(Duration onTheWall, Duration indeed) {
        wall = wall.plus(onTheWall);
        nanos += indeed.toNanos();
        watch.look();
    }

    @Test
    void aClockThatIsSetBackIsToldOnce() {
        pass(Duration.ofSeconds(1), Duration.ofSeconds(1));
        pass(Duration.ofHours(-2), Duration.ofSeconds(1));
        pass(Duration.ofSeconds(1), Duration.ofSeconds(1));
        assertThat(told).hasValue(1);
        pass(Duration.ofSeconds(-1), Duration.ofSeconds(1));
        assertThat(told).hasValue(2);
    }

    @Test
    void otherTimesAreNothingToTell() {
        pass(Duration.ofHours(2), Duration.ofSeconds(1));
        pass(Duration.ofMinutes(5), Duration.ofMinutes(5));
        pass(Duration.ofMillis(900), Duration.ofSeconds(1));
        assertThat(told).hasValue(0);
    }
}
