package dev.koine.e2e.chaos;

import dev.koine.e2e.LocalCluster;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Draws faults, the same for the same seed. */
final class Faults {
    private static final int LONGEST_OUTAGE_MILLIS = 3000;
    private static final int LONGEST_PAUSE_MILLIS = 14000;

    private final SplittableRandom random;
    private final LocalCluster cluster;
    private final FaultyStore store;
    private final List<Draw> draws = new ArrayList<>();

    /** A kind of fault, drawn so many times as often as one of weight 1. */
    private record Draw(int weight, Maker maker) {}

    @FunctionalInterface
    private interface Maker {
        Fault make();
    }

    Faults(long seed, LocalCluster cluster, FaultyStore store) {
        this.random = new SplittableRandom(seed);
        this.cluster = cluster;
        this.store = store;
        draws.add(new Draw(6, () -> kill(taskManager())));
        draws.add(new Draw(3, () -> kill(LocalCluster.JOBMANAGER)));
        draws.add(new Draw(3, () -> kill(LocalCluster.BROKER)));
        draws.add(new Draw(3, () -> kill(LocalCluster.SERVICE)));
        draws.add(new Draw(3, () -> pause(taskManager())));
        draws.add(new Draw(1, () -> pause(LocalCluster.JOBMANAGER)));
        draws.add(new Draw(1, () -> pause(LocalCluster.BROKER)));
        draws.add(new Draw(1, () -> pause(LocalCluster.SERVICE)));
        for (String kind : store.faults()) {
            draws.add(new Draw(3, () -> store(kind)));
        }
    }

    Fault next() {
        int drawn = random.nextInt(draws.stream().mapToInt(Draw::weight).sum());
        for (Draw draw : draws) {
            drawn -= draw.weight();
            if (drawn < 0) {
                return draw.maker().make();
            }
        }
        throw new AssertionError("one is drawn always");
    }

    /** How many come shortly after each other. */
    int burst() {
        return 1 + random.nextInt(4);
    }

    /** A moment of rest before the next fault. */
    Duration rest() {
        return millis(3000);
    }

    private String taskManager() {
        return LocalCluster.TASKMANAGERS.get(random.nextInt(LocalCluster.TASKMANAGERS.size()));
    }

    private Fault kill(String process) {
        return new Fault(
                "kill " + family(process),
                process,
                millis(LONGEST_OUTAGE_MILLIS),
                () -> cluster.kill(process),
                () -> cluster.start(process));
    }

    private Fault pause(String process) {
        return new Fault(
                "pause " + family(process),
                process,
                millis(LONGEST_PAUSE_MILLIS),
                () -> cluster.pause(process),
                () -> cluster.resume(process));
    }

    private Fault store(String kind) {
        return new Fault(kind, "store", millis(LONGEST_PAUSE_MILLIS / 2), () -> store.begin(kind), store::mend);
    }

    private static String family(String process) {
        return process.replaceAll("-[0-9]+$", "");
    }

    private Duration millis(int most) {
        return Duration.ofMillis(random.nextInt(most));
    }
}
