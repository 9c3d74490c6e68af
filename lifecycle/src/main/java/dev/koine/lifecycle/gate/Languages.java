package dev.koine.lifecycle.gate;

import java.util.IllformedLocaleException;
import java.util.Locale;

/** Languages by BCP 47 tag. Two tags are one language here where their primary subtags are, as the speech models have it. */
public final class Languages {
    private Languages() {}

    /** The primary subtag in lower case: {@code pt} of {@code pt-BR}. */
    public static String primary(String tag) {
        return tag.split("-", 2)[0].toLowerCase(Locale.ROOT);
    }

    /** Whether a text is a well-formed tag. */
    public static boolean isTag(String text) {
        try {
            return !text.isEmpty()
                    && !new Locale.Builder()
                            .setLanguageTag(text)
                            .build()
                            .getLanguage()
                            .isEmpty();
        } catch (IllformedLocaleException e) {
            return false;
        }
    }
}
