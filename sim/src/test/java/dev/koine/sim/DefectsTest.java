package dev.koine.sim;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each defect is seen, within so many histories of seeds that are good without it. */
class DefectsTest {
    private static final int MOST_HISTORIES = 400;
    private static final int THREADS = 2;

    @ParameterizedTest
    @EnumSource(Defect.class)
    void isSeen(Defect defect) throws Exception {
        Tally tally = new Simulations(THREADS, defect.parts(), true, now -> {}).run(defect.firstSeed(), MOST_HISTORIES);
        assertThat(tally.bad()).as(defect.what()).isNotEmpty();
        History first = tally.bad().get(0);
        System.out.printf(
                "%s: %s. Seen by seed %d, the %d. history: %s%n",
                defect,
                defect.what(),
                first.seed(),
                tally.histories(),
                first.violations().get(0));
    }
}
