package dev.koine.speech.evaluation;

/**
 * The most that an evaluation set may be.
 *
 * @param bytes of features and references
 * @param texts lines of references
 * @param characters of one text
 * @param values of the features of one recording
 */
public record EvaluationLimits(long bytes, int texts, int characters, int values) {
    /** 2 GiB, 50 000 texts of 2000 characters, recordings of 128 mels by 65 536 frames. */
    public static final EvaluationLimits DEFAULT = new EvaluationLimits(2L << 30, 50_000, 2000, 1 << 23);

    public EvaluationLimits {
        if (bytes < 1 || texts < 1 || characters < 1 || values < 1) {
            throw new IllegalArgumentException(
                    "Limits are positive, not " + bytes + ", " + texts + ", " + characters + ", " + values + ".");
        }
    }
}
