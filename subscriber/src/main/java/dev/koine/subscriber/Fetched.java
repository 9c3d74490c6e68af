package dev.koine.subscriber;

/**
 * How a version came.
 *
 * @param bytes that were fetched; those of a base that was not here before among them
 * @param whole what its whole bundle has
 * @param reason why it was fetched whole although patches are wanted; empty where it was computed, or patches are not wanted
 * @param isComputed whether it was computed from what changed
 */
public record Fetched(long bytes, long whole, String reason, boolean isComputed) {
    static Fetched whole(long bytes, String reason) {
        return new Fetched(bytes, bytes, reason, false);
    }

    /** In a sentence's words, such as {@code 4421034 bytes of what changed instead of 290403936}. */
    @Override
    public String toString() {
        return isComputed
                ? bytes + " bytes of what changed instead of " + whole
                : bytes + " bytes, whole" + (reason.isEmpty() ? "" : ": " + reason);
    }
}
