package dev.koine.sim;

import dev.koine.sim.check.Violation;
import java.util.List;
import java.util.Map;

/**
 * What happened in a world.
 *
 * @param steps that somebody did
 * @param events that were sent
 * @param versions that became visible
 * @param faults how many of each
 * @param trace digest of every step, the same in each run of the seed
 * @param violations promises that do not hold; none where all is well
 */
public record History(
        long seed,
        int steps,
        int events,
        int versions,
        Map<String, Integer> faults,
        String trace,
        List<Violation> violations) {
    public History {
        faults = Map.copyOf(faults);
        violations = List.copyOf(violations);
    }

    /** Whether every promise holds. */
    public boolean isGood() {
        return violations.isEmpty();
    }
}
