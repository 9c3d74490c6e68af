package dev.koine.lifecycle.state;

/** Time as it passes for the current model, in milliseconds since the epoch. */
public interface Timers {
    long now();

    /** Has somebody wake the current model at a time, or later. */
    void wakeAt(long time);
}
