package dev.koine.events.signature;

/** What a key is trusted for. */
public enum Role {
    /** To register models. */
    MODELS,
    /** To submit and retract experts, and to go back to older versions. */
    EXPERTS,
    /** To announce versions: the merge job's. */
    UPDATES
}
