package dev.koine.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.koine.sim.job.Parts;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Histories of many seeds, in which every promise holds. {@code -Dsim.histories=10000 -Dsim.seed=7} runs others, {@code -Dsim.replay=7} prints the
 * steps of one.
 */
class SimulationTest {
    private static final int HISTORIES = Integer.getInteger("sim.histories", 250);
    private static final long SEED = Long.getLong("sim.seed", 1);
    private static final int THREADS =
            Math.max(1, Math.min(2, Runtime.getRuntime().availableProcessors()));
    private static final long PROGRESS_NANOS = 5_000_000_000L;
    private static final int MOST_SHOWN = 20;

    private long told = System.nanoTime();

    @Test
    void everyPromiseHolds() throws Exception {
        assumeThat(System.getProperty("sim.replay")).isNull();
        long begun = System.nanoTime();
        System.out.printf("Seeds from %d on.%n", SEED);
        Tally tally = new Simulations(THREADS, Parts::new, false, this::tell).run(SEED, HISTORIES);
        double seconds = (System.nanoTime() - begun) / 1e9;
        System.out.printf("%s. %.0f s, %.0f histories a minute.%n", tally, seconds, tally.histories() * 60 / seconds);
        tally.bad().stream()
                .limit(MOST_SHOWN)
                .forEach(history -> System.out.printf(
                        "Seed %d (mvn -Psim verify -Dsim.replay=%d): %s%n",
                        history.seed(), history.seed(), history.violations()));
        assertThat(tally.histories()).isEqualTo(HISTORIES);
        assertThat(tally.bad()).isEmpty();
    }

    private void tell(Tally tally) {
        if (System.nanoTime() - told > PROGRESS_NANOS) {
            told = System.nanoTime();
            System.out.println(tally);
        }
    }

    @Test
    void aSeedHasOneHistory() throws Exception {
        for (long seed : List.of(3L, 12L, 31L)) {
            List<String> first = new ArrayList<>();
            History history = replay(seed, first);
            List<String> second = new ArrayList<>();
            assertThat(replay(seed, second).trace()).isEqualTo(history.trace());
            assertThat(second).isEqualTo(first);
        }
        assertThat(replay(4, new ArrayList<>()).trace())
                .isNotEqualTo(replay(5, new ArrayList<>()).trace());
    }

    @Test
    void aSeedIsReplayedStepByStep() throws Exception {
        long seed = Long.getLong("sim.replay", 12);
        List<String> steps = new ArrayList<>();
        History history = replay(seed, steps);
        if (System.getProperty("sim.replay") != null) {
            steps.forEach(System.out::println);
            System.out.println(history);
        }
        assertThat(steps).hasSizeGreaterThan(history.steps());
    }

    private static History replay(long seed, List<String> steps) throws Exception {
        try (Lab lab = Lab.open()) {
            return World.run(seed, lab, new Parts(), steps::add);
        }
    }
}
