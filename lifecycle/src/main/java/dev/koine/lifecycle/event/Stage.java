package dev.koine.lifecycle.event;

/** The part of the job that refused an event. */
public enum Stage {
    DECODE,
    INTAKE,
    PRUNE,
    HEAD
}
