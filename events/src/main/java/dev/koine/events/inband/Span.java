package dev.koine.events.inband;

/**
 * Offsets of one partition.
 *
 * @param from the first
 * @param to the one after the last
 */
record Span(long from, long to) {
    boolean isEmpty() {
        return from >= to;
    }

    /** The least that holds both. */
    Span with(long offset) {
        return new Span(Math.min(from, offset), Math.max(to, offset + 1));
    }
}
