package dev.koine.e2e.services;

import dev.koine.e2e.chaos.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Draws faults, the same for the same seed. Most that hit a service come shortly after a version was announced: while it fetches, loads or switches. */
final class ServiceFaults {
    private static final int LONGEST_OUTAGE_MILLIS = 1200;
    private static final int LONGEST_PAUSE_MILLIS = 2500;
    private static final int LONGEST_TROUBLE_MILLIS = 2000;
    private static final int LONGEST_AIM_MILLIS = 500;
    /** Of files, from nothing to a part of the largest. */
    private static final int MOST_ROOM_BYTES = 400_000;

    private static final int MOST_SECONDS_AHEAD = 2 * 3600;

    private final SplittableRandom random;
    private final Rig rig;
    private final Barrage.Hurry hurry;
    private final List<Draw> draws = new ArrayList<>();

    private record Draw(int weight, Maker maker) {}

    @FunctionalInterface
    private interface Maker {
        Fault make();
    }

    /** @param hurry has the next version announced now */
    ServiceFaults(long seed, Rig rig, Barrage.Hurry hurry) {
        this.random = new SplittableRandom(seed);
        this.rig = rig;
        this.hurry = hurry;
        draws.add(new Draw(2, () -> kill(Rig.BROKER)));
        draws.add(new Draw(2, () -> pause(Rig.BROKER)));
        for (String service : rig.services()) {
            draws.add(new Draw(3, () -> kill(service)));
            draws.add(new Draw(3, () -> pause(service)));
            draws.add(new Draw(2, () -> noRoom(service)));
            if (Rig.hasClock(service)) {
                rig.clocks.ifPresent(clocks -> draws.add(new Draw(2, () -> clock(service, clocks))));
            }
        }
        for (String kind : BreakableStore.FAULTS) {
            draws.add(new Draw(2, () -> store(kind)));
        }
        if (rig.hasPython()) {
            for (String kind : StoreFront.FAULTS) {
                draws.add(new Draw(1, () -> front(kind)));
            }
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
        return 3 + random.nextInt(5);
    }

    /** A moment of rest before the next fault. */
    Duration rest() {
        return millis(500);
    }

    private Fault kill(String process) {
        return new Fault(
                "kill " + process,
                process,
                millis(LONGEST_OUTAGE_MILLIS),
                aimed(() -> rig.process(process).kill()),
                () -> rig.process(process).start());
    }

    private Fault pause(String process) {
        return new Fault(
                "pause " + process,
                process,
                millis(LONGEST_PAUSE_MILLIS),
                aimed(() -> rig.process(process).pause()),
                () -> rig.process(process).resume());
    }

    private Fault noRoom(String process) {
        int room = random.nextInt(MOST_ROOM_BYTES);
        return new Fault(
                "no room for " + process,
                process,
                millis(LONGEST_TROUBLE_MILLIS),
                () -> {
                    rig.process(process).leaveRoom(room);
                    hurry.now();
                },
                () -> rig.process(process).giveRoom());
    }

    /** The clock stays as it is set, until it is set again. */
    private Fault clock(String process, WallClocks clocks) {
        long ahead = random.nextInt(-MOST_SECONDS_AHEAD, MOST_SECONDS_AHEAD);
        return new Fault(
                "clock jumps for " + process,
                process,
                Duration.ZERO,
                aimed(() -> clocks.set(process, ahead)),
                () -> {});
    }

    private Fault store(String kind) {
        return new Fault(
                kind,
                "store",
                millis(LONGEST_TROUBLE_MILLIS),
                () -> {
                    rig.store.begin(kind);
                    hurry.now();
                },
                rig.store::mend);
    }

    private Fault front(String kind) {
        return new Fault(
                kind,
                "HTTP store",
                millis(LONGEST_TROUBLE_MILLIS),
                () -> {
                    rig.front.begin(kind);
                    hurry.now();
                },
                rig.front::mend);
    }

    private Fault.Blow aimed(Fault.Blow blow) {
        Duration after = millis(LONGEST_AIM_MILLIS);
        return () -> {
            hurry.now();
            Thread.sleep(after.toMillis());
            blow.strike();
        };
    }

    private Duration millis(int most) {
        return Duration.ofMillis(random.nextInt(most));
    }
}
