package dev.koine.cli.console;

import java.time.Duration;

/** A command that goes on until it is told to stop, and ends in order then; others are interrupted. */
public interface LongRunning {

    /** Tells the command to stop; called by another thread. */
    void stop();

    /** How long it may take to end. */
    Duration patience();
}
