package dev.koine.lifecycle.option;

/** What of the job shares a runner's slots: everything, or pruning, the head and the rest have slots of their own. */
public enum SlotSharing {
    SHARED,
    SEPARATE
}
