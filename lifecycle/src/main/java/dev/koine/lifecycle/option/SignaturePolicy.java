package dev.koine.lifecycle.option;

/** Whether events have to be signed. */
public enum SignaturePolicy {
    OFF,
    REQUIRED
}
