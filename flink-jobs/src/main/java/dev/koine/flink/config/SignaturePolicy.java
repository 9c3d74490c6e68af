package dev.koine.flink.config;

/** Whether events have to be signed. */
public enum SignaturePolicy {
    OFF,
    REQUIRED
}
