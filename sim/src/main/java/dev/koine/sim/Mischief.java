package dev.koine.sim;

import dev.koine.sim.Temper.Fault;
import dev.koine.sim.fault.Crash;
import dev.koine.sim.fault.Interruptions;
import dev.koine.sim.fault.SimClock;
import dev.koine.sim.fault.Trace;
import dev.koine.sim.store.SimDisk;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Lets things go wrong, at operations and between steps, as a {@link Temper} says. */
final class Mischief implements Interruptions {
    private static final int MOST_CRASHES = 8;

    private final Temper temper;
    private final Random random;
    private final SimClock clock;
    private final Trace trace;
    private final Runnable others;
    private final Map<String, Integer> counts = new TreeMap<>();
    private @Nullable SimDisk disk;
    private int toFault;
    private int toOthers;
    private int crashes;
    private long operations;
    private boolean isOver;

    /** @param others lets somebody else do something */
    Mischief(Temper temper, Random random, SimClock clock, Trace trace, Runnable others) {
        this.temper = temper;
        this.random = random;
        this.clock = clock;
        this.trace = trace;
        this.others = others;
        this.toFault = draw(temper.faultsEvery());
        this.toOthers = draw(temper.othersEvery());
    }

    void setDisk(SimDisk disk) {
        this.disk = disk;
    }

    private SimDisk disk() {
        return Objects.requireNonNull(disk);
    }

    private int draw(int every) {
        return every == 0 ? Integer.MAX_VALUE : 1 + (int) (-every * Math.log(1 - random.nextDouble()));
    }

    @Override
    public void at(String operation) throws IOException {
        operations++;
        if (isOver) {
            return;
        }
        if (--toOthers <= 0) {
            toOthers = draw(temper.othersEvery());
            disk().stampAside();
            others.run();
        }
        if (--toFault <= 0) {
            toFault = draw(temper.faultsEvery());
            strike(operation);
        }
    }

    private void strike(String operation) throws IOException {
        if (temper.faults().isEmpty()) {
            return;
        }
        Fault fault = temper.faults().get(random.nextInt(temper.faults().size()));
        if (fault == Fault.LOSE_CONTACT) {
            return;
        }
        note(fault, "at " + operation);
        switch (fault) {
            case TROUBLE -> throw new FileSystemException(null, null, "Input/output error");
            case FULL_DISK -> disk().fill(clock.millis() + random.nextInt(5000));
            case SLOW -> clock.pass(Duration.ofMillis(random.nextInt(300_000)));
            default -> crash(fault);
        }
    }

    private void crash(Fault fault) {
        if (++crashes <= MOST_CRASHES) {
            Crash crash = new Crash(fault == Fault.LOSE_POWER);
            disk().die(crash);
            throw crash;
        }
    }

    /** May let something go wrong between two steps; says whether the job loses contact with a process of its. */
    boolean betweenSteps() {
        if (isOver || temper.faultsEvery() == 0 || temper.faults().isEmpty() || random.nextInt(60) > 0) {
            return false;
        }
        Fault fault = temper.faults().get(random.nextInt(temper.faults().size()));
        if (fault == Fault.KILL || fault == Fault.LOSE_POWER) {
            note(fault, "between steps");
            crash(fault);
        }
        if (fault == Fault.LOSE_CONTACT) {
            note(fault, "between steps");
        }
        return fault == Fault.LOSE_CONTACT;
    }

    /** The id of a version's record depends on where this machine has the store; it is left out. */
    private void note(Fault fault, String where) {
        counts.merge(fault.name(), 1, Integer::sum);
        trace.add("!! " + fault + " " + where.replaceFirst("/[0-9a-f]{16}$", ""));
    }

    /** Nothing goes wrong any more. */
    void end() {
        isOver = true;
        disk().fill(0);
    }

    boolean isOver() {
        return isOver;
    }

    long operations() {
        return operations;
    }

    Map<String, Integer> counts() {
        return counts;
    }
}
