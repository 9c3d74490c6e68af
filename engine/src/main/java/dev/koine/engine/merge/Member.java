package dev.koine.engine.merge;

/**
 * An expert inside a version, as far as the merge is concerned.
 *
 * @param taskVector digest of its {@link TaskVector} in the store
 * @param factor of its task vector
 */
public record Member(String taskVector, double factor) {}
