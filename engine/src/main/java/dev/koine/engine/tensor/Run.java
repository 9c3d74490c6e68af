package dev.koine.engine.tensor;

import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * Some consecutive elements of a tensor, row-major. The one place where elements are cut into what is worked on at once.
 *
 * @param from the first element
 */
public record Run(long from, int count) {
    /**
     * Elements that a loop takes at a time: its buffers, some 200 KB, stay in the second cache. What is measured of a version's rounding is
     * summed up chunk by chunk, so that another size may change its last digits, though no digest.
     */
    public static final int CHUNK = 1 << 14;

    /**
     * Elements that a thread takes at a time. Norms are sums over these, in double: another size changes the last bits of scales, and so
     * digests.
     */
    public static final int PART = 1 << 20;

    /** The runs that so many elements have, each as long as {@code longest}, the last one shorter. */
    public static Iterable<Run> cut(long numel, int longest) {
        return () -> new Iterator<>() {
            private long from;

            @Override
            public boolean hasNext() {
                return from < numel;
            }

            @Override
            public Run next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                Run run = new Run(from, (int) Math.min(longest, numel - from));
                from += run.count;
                return run;
            }
        };
    }

    /** The runs of {@link #CHUNK} elements. */
    public static Iterable<Run> chunks(long numel) {
        return cut(numel, CHUNK);
    }

    /** {@link #from} as an index into an array. */
    public int at() {
        return Math.toIntExact(from);
    }
}
