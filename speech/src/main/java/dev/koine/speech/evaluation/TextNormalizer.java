package dev.koine.speech.evaluation;

import java.text.Normalizer;
import java.util.Locale;
import java.util.regex.Pattern;

/** What is done to reference and hypothesis alike before their errors are counted. */
public enum TextNormalizer {
    /** Nothing. */
    NONE {
        @Override
        public String normalize(String text) {
            return text;
        }
    },
    /**
     * The rules of Whisper's {@code BasicTextNormalizer} (Radford et al. 2022, appendix C), but for one: lower case; what stands in
     * square or angle brackets, then what stands in parentheses, goes; NFKC; symbols and punctuation (Unicode categories S and P) become
     * spaces; white space becomes single spaces. Whisper makes spaces of marks (M), too, which tears the words of Indic and other scripts
     * apart; here they stay.
     */
    BASIC {
        @Override
        public String normalize(String text) {
            String spoken = PARENTHESES
                    .matcher(BRACKETS.matcher(text.toLowerCase(Locale.ROOT)).replaceAll(""))
                    .replaceAll("");
            StringBuilder words = new StringBuilder();
            Normalizer.normalize(spoken, Normalizer.Form.NFKC)
                    .codePoints()
                    .forEach(point -> words.appendCodePoint(isSymbol(point) ? ' ' : point));
            return SPACES.matcher(words.toString().toLowerCase(Locale.ROOT))
                    .replaceAll(" ")
                    .strip();
        }
    };

    private static final Pattern BRACKETS = Pattern.compile("[<\\[][^>\\]]*[>\\]]");
    private static final Pattern PARENTHESES = Pattern.compile("\\([^)]+?\\)");
    private static final Pattern SPACES = Pattern.compile(ErrorRate.SPACE + "+", Pattern.UNICODE_CHARACTER_CLASS);

    public abstract String normalize(String text);

    private static boolean isSymbol(int point) {
        return switch (Character.getType(point)) {
            case Character.MATH_SYMBOL,
                    Character.CURRENCY_SYMBOL,
                    Character.MODIFIER_SYMBOL,
                    Character.OTHER_SYMBOL,
                    Character.CONNECTOR_PUNCTUATION,
                    Character.DASH_PUNCTUATION,
                    Character.START_PUNCTUATION,
                    Character.END_PUNCTUATION,
                    Character.INITIAL_QUOTE_PUNCTUATION,
                    Character.FINAL_QUOTE_PUNCTUATION,
                    Character.OTHER_PUNCTUATION -> true;
            default -> false;
        };
    }
}
