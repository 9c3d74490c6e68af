package dev.koine.engine.tensor;

/**
 * A weight's key where a list of keys says what a run of elements belongs to, and the weight holds the transpose of the matrix that the run is a
 * part of. It begins with a slash, which no key of a {@link Weight} does: those begin with a path relative to the bundle.
 */
public final class Transposed {
    private static final String MARK = "/";

    private Transposed() {}

    public static String mark(String key) {
        return MARK + key;
    }

    public static boolean isMarked(String key) {
        return key.startsWith(MARK);
    }

    /** The key of the weight. */
    public static String key(String marked) {
        return marked.substring(MARK.length());
    }
}
