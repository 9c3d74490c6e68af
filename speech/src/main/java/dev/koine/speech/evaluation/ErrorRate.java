package dev.koine.speech.evaluation;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * How far texts are from what was said: Levenshtein edits over the length of the reference. Rates of several texts are added, not
 * averaged. Texts are split as jiwer 4 does by default.
 *
 * @param edits insertions, deletions and substitutions
 * @param length of the reference, in words or characters
 */
public record ErrorRate(long edits, long length) {
    public static final ErrorRate NONE = new ErrorRate(0, 0);

    /** White space as Python has it, with {@link Pattern#UNICODE_CHARACTER_CLASS}. */
    static final String SPACE = "[\\s\\x1c-\\x1f]";

    private static final Pattern SPACES = Pattern.compile(SPACE + SPACE + "+", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern ENDS =
            Pattern.compile("^" + SPACE + "+|" + SPACE + "+$(?!\\n)", Pattern.UNICODE_CHARACTER_CLASS);

    /** Compares word by word; words stand between spaces and runs of white space. */
    public static ErrorRate words(String reference, String text) {
        Map<String, Integer> numbers = new HashMap<>();
        return of(words(reference, numbers), words(text, numbers));
    }

    /** Compares character (code point) by character, without the white space at both ends. */
    public static ErrorRate characters(String reference, String text) {
        return of(
                strip(reference).codePoints().toArray(),
                strip(text).codePoints().toArray());
    }

    public ErrorRate plus(ErrorRate other) {
        return new ErrorRate(edits + other.edits, length + other.length);
    }

    /** Edits over length: 0 is perfect, and more than 1 is possible. With an empty reference, 0 or infinity. */
    public double rate() {
        return edits == 0 ? 0 : (double) edits / length;
    }

    private static ErrorRate of(int[] reference, int[] text) {
        int[] row = new int[text.length + 1];
        Arrays.setAll(row, j -> j);
        for (int i = 1; i <= reference.length; i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int substituted = diagonal + (reference[i - 1] == text[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return new ErrorRate(row[row.length - 1], reference.length);
    }

    private static int[] words(String text, Map<String, Integer> numbers) {
        List<String> words = List.of(strip(SPACES.matcher(text).replaceAll(" ")).split(" "));
        return words.stream()
                .filter(word -> !word.isEmpty())
                .mapToInt(word -> numbers.computeIfAbsent(word, key -> numbers.size()))
                .toArray();
    }

    private static String strip(String text) {
        return ENDS.matcher(text).replaceAll("");
    }
}
