package dev.koine.subscriber.speech;

import java.util.List;

/**
 * How far texts are from what was said: Levenshtein edits over the length of the reference. Rates of several texts are added, not
 * averaged.
 *
 * @param edits insertions, deletions and substitutions
 * @param length of the reference, in words or characters
 */
public record ErrorRate(long edits, long length) {
    public static final ErrorRate NONE = new ErrorRate(0, 0);

    /** Compares word by word; words are what stands between white space. */
    public static ErrorRate words(String reference, String text) {
        return of(words(reference), words(text));
    }

    /** Compares character (code point) by character, with single spaces between words. */
    public static ErrorRate characters(String reference, String text) {
        return of(characters(reference), characters(text));
    }

    public ErrorRate plus(ErrorRate other) {
        return new ErrorRate(edits + other.edits, length + other.length);
    }

    /** Edits over length: 0 is perfect, and more than 1 is possible. With an empty reference, 0 or infinity. */
    public double rate() {
        return edits == 0 ? 0 : (double) edits / length;
    }

    private static ErrorRate of(List<?> reference, List<?> text) {
        int[] row = new int[text.size() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= reference.size(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int substituted = diagonal + (reference.get(i - 1).equals(text.get(j - 1)) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return new ErrorRate(row[row.length - 1], reference.size());
    }

    private static List<String> words(String text) {
        String stripped = text.strip();
        return stripped.isEmpty() ? List.of() : List.of(stripped.split("\\s+"));
    }

    private static List<Integer> characters(String text) {
        return String.join(" ", words(text)).codePoints().boxed().toList();
    }
}
