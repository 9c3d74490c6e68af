package dev.koine.sim;

import dev.koine.lifecycle.history.RetentionPolicy;
import dev.koine.sim.job.Action;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * How a world is: each has faults of its own, so that what needs one kind alone, or many, is met as well as what needs a few of each.
 *
 * @param weights how often actions of a kind are chosen
 * @param faultsEvery how many operations lie between two faults, on average; 0 for no faults
 * @param othersEvery how many operations lie between two at which somebody else does something, on average; 0 for never
 * @param faults those that happen
 * @param retention what is kept
 * @param ambushes how often the collector is chosen where it comes only while somebody else is in the middle of something; 0 where it comes any time
 * @param signed whether events must be signed
 * @param patience how long an expert waits for its model
 * @param leastSteps how long things go wrong at least
 */
record Temper(
        Map<Action.Kind, Integer> weights,
        int faultsEvery,
        int othersEvery,
        List<Fault> faults,
        RetentionPolicy retention,
        int ambushes,
        boolean signed,
        Duration patience,
        int leastSteps) {

    /** What goes wrong. */
    enum Fault {
        KILL,
        LOSE_POWER,
        TROUBLE,
        FULL_DISK,
        SLOW,
        LOSE_CONTACT
    }

    static Temper draw(Random random) {
        Map<Action.Kind, Integer> weights = new EnumMap<>(Action.Kind.class);
        for (Action.Kind kind : Action.Kind.values()) {
            weights.put(kind, one(random, 2, 4, 4, 10, 30));
        }
        List<Fault> faults = List.of(Fault.values()).stream()
                .filter(fault -> random.nextInt(3) > 0)
                .toList();
        int versions = one(random, 0, 1, 1, 1, 2, 3);
        RetentionPolicy retention = new RetentionPolicy(
                versions, Duration.ZERO, random.nextBoolean(), Duration.ofSeconds(one(random, 3, 20, 600)));
        return new Temper(
                weights,
                one(random, 0, 60, 150, 400),
                one(random, 0, 12, 40, 120),
                faults,
                retention,
                one(random, 0, 0, 4, 60),
                random.nextInt(6) == 0,
                Duration.ofSeconds(one(random, 1, 10, 60)),
                one(random, 0, 100, 300));
    }

    private static int one(Random random, int... of) {
        return of[random.nextInt(of.length)];
    }
}
