package dev.koine.sim;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each defect is seen, within so many histories. {@code -Dsim.seed=7} begins with another seed. */
class DefectsTest {
    private static final long SEED = Long.getLong("sim.seed", 1);
    private static final int MOST_HISTORIES = 400;

    @ParameterizedTest
    @EnumSource(Defect.class)
    void isSeen(Defect defect) throws Exception {
        Tally tally = new Simulations(1, defect.parts(), true, now -> {}).run(SEED, MOST_HISTORIES);
        assertThat(tally.bad()).as(defect.what()).isNotEmpty();
        History first = tally.bad().get(0);
        System.out.printf(
                "%s: %s. Seen after %d histories, by seed %d: %s%n",
                defect,
                defect.what(),
                tally.histories(),
                first.seed(),
                first.violations().get(0));
    }
}
