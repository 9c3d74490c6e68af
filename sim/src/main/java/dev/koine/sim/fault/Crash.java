package dev.koine.sim.fault;

import java.io.Serial;

/** The end of every process of the simulated job, at the place where it is thrown. An error, so that nothing takes it for trouble or for a defect. */
public final class Crash extends Error {
    @Serial
    private static final long serialVersionUID = 1L;

    private final boolean losesPower;

    /** @param losesPower whether the machine goes down, too, and with it what was not forced to the disk */
    public Crash(boolean losesPower) {
        super(losesPower ? "power is lost" : "processes are killed", null, false, false);
        this.losesPower = losesPower;
    }

    public boolean losesPower() {
        return losesPower;
    }
}
