package dev.koine.sim.job;

import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Disk;
import dev.koine.lifecycle.head.Head;
import dev.koine.lifecycle.history.RetentionPolicy;
import dev.koine.lifecycle.intake.Intake;
import java.time.InstantSource;

/**
 * What a job is built of: here, the real parts. Tests that show what the simulator sees put others in their place, or let Flink and Kafka do
 * what these do not do.
 */
public class Parts {
    /** The disk that the store lies on. */
    public Disk disk(Disk disk) {
        return disk;
    }

    /** The store. */
    public ArtifactStore store(ArtifactStore store, InstantSource clock) {
        return store;
    }

    /** The store as a collector sees it. */
    public ArtifactStore collected(ArtifactStore store) {
        return store;
    }

    /** What a collector is told to keep. */
    public RetentionPolicy retention(RetentionPolicy policy) {
        return policy;
    }

    public Intake.Output intakeOutput(Intake.Output output) {
        return output;
    }

    public Head.State headState(Head.State state) {
        return state;
    }

    public Head.Output headOutput(Head.Output output) {
        return output;
    }

    /** Which series of Intake's state is not there after a start; empty for none. */
    public String forgotten() {
        return "";
    }

    /** Whether outcomes are committed when they are only pre-committed. */
    public boolean commitsEarly() {
        return false;
    }

    /** Whether what a complete checkpoint had pre-committed is aborted at a start. */
    public boolean abortsPrepared() {
        return false;
    }

    /** Whether merges are over for the store as soon as a checkpoint has begun. */
    public boolean endsMergesEarly() {
        return false;
    }

    /** Whether Head's state stays as it was when everything else goes back to a checkpoint. */
    public boolean keepsHeadState() {
        return false;
    }

    /** Whether a checkpoint leaves out what is between operators. */
    public boolean losesChannels() {
        return false;
    }

    /** By how many records more than right a source goes back at a start. */
    public int rewindsTooFar() {
        return 0;
    }

    /** Whether what Prune sends comes twice after a start. */
    public boolean repeatsPieces() {
        return false;
    }
}
