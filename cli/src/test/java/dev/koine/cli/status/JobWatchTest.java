package dev.koine.cli.status;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class JobWatchTest {
    private static final Instant START = Instant.parse("2030-01-01T12:00:00Z");

    private final StringWriter printed = new StringWriter();
    private final JobWatch watch = new JobWatch(new PrintWriter(printed, true));

    @Test
    void saysOnceThatTheJobRuns() {
        watch.look(health("INITIALIZING", List.of()), START);
        watch.look(health("RUNNING", List.of()), START);
        watch.look(health("RUNNING", List.of()), START);
        assertThat(printed.toString().lines()).containsExactly("The merge job is RUNNING.");
    }

    @Test
    void aCauseIsToldOnceAndThenCounted() {
        List<Failure> failures = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            failures.add(0, failure(i, "The disk is full at byte " + i + "."));
            watch.look(health("RESTARTING", failures), START.plusSeconds(i));
            watch.look(health("RUNNING", failures), START.plusSeconds(i));
        }
        assertThat(printed.toString().lines()).hasSize(5);
        assertThat(printed.toString()).containsOnlyOnce("starts again: The disk is full at byte 0. [prune]");
        assertThat(printed.toString()).contains("failed 16 times for the same cause since ");
    }

    @Test
    void anotherCauseIsToldAndSoIsTheEndOfTrouble() {
        List<Failure> failures = List.of(failure(1, "The store is gone."), failure(0, "The disk is full."));
        watch.look(health("RESTARTING", failures), START.plusSeconds(2));
        watch.look(health("RUNNING", failures), START.plusSeconds(30));
        assertThat(printed.toString())
                .contains("The disk is full.", "The store is gone.")
                .doesNotContain("RUNNING");
        watch.look(health("RUNNING", failures), START.plusSeconds(62));
        watch.look(health("RUNNING", failures), START.plusSeconds(63));
        assertThat(printed.toString()).containsOnlyOnce("The merge job is RUNNING again.");
    }

    @Test
    void howeverManyCausesTakeTurnsLittleIsTold() {
        List<Failure> failures = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            failures.add(0, failure(i, i % 2 == 0 ? "The disk is full." : "Cause " + "x".repeat(i % 50)));
            watch.look(health("RESTARTING", failures.subList(0, 1)), START.plusSeconds(i));
        }
        assertThat(printed.toString().lines()).hasSizeLessThan(90);
        assertThat(printed.toString())
                .containsOnlyOnce("starts again: The disk is full.")
                .contains(
                        "256 times for the same cause since ",
                        "for other causes since ",
                        ": The disk is full. [prune]");
    }

    @Test
    void thatTroubleIsOverIsToldBeforeAMinuteHasPassed() {
        List<Failure> failures = List.of(failure(9, "Full at 7."), failure(5, "Full at 6."));
        JobHealth again = new JobHealth("RUNNING", START.plusSeconds(12), failures, false);
        assertThat(again.told(START.plusSeconds(30)))
                .matches(
                        "is running again since \\S+:12, last failure 21 s ago, 2 times since \\S+:05: Full at 7. \\[prune]");
        assertThat(again.told(START.plusSeconds(13))).startsWith("is restarting since ");
        assertThat(again.isWell(START.plusSeconds(30))).isFalse();
    }

    @Test
    void healthIsTold() {
        List<Failure> failures =
                List.of(failure(9, "Full at 7."), failure(5, "Full at 6."), failure(0, "The store is gone."));
        Instant now = START.plusSeconds(10);
        JobHealth failing = health("RUNNING", failures);
        assertThat(failing.isWell(now)).isFalse();
        assertThat(failing.told(now))
                .matches("is restarting since \\S+:05, 2 times, the last at \\S+:09: Full at 7. \\[prune]");
        assertThat(failing.told(START.plusSeconds(70))).startsWith("is running since ");
        assertThat(health("CREATED", List.of()).told(now)).isEqualTo("is starting");
        assertThat(health("FAILED", failures).isWell(START.plusSeconds(70))).isFalse();
        assertThat(health("FAILED", failures).told(now)).isEqualTo("has ended: Full at 7. [prune]");
    }

    private static Failure failure(int second, String cause) {
        return new Failure(START.plusSeconds(second), "prune", cause);
    }

    private static JobHealth health(String state, List<Failure> failures) {
        return new JobHealth(state, START.plusSeconds(9), failures, false);
    }
}
