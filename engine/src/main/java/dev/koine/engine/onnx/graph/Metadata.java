package dev.koine.engine.onnx.graph;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Compares the {@code metadata_props} of two model files. Speech services read settings of inputs and outputs from there (sherpa-onnx: numbers
 * of tokens, of Mel bins, ways of normalisation); exporters also write there what describes a model and says nothing of its use.
 */
public final class Metadata {
    private static final Pattern NUMBERS = Pattern.compile("\\s*[-+.\\deE]+([\\s,;]+[-+.\\deE]+)*\\s*");
    private static final Set<String> SETTINGS = Set.of(
            "normalize_type", "window_type", "feature_type", "all_language_codes", "tokens", "vocab", "vocabulary");
    private static final Pattern DESCRIPTIVE =
            Pattern.compile("version|date|time|epoch|step|seed|revision|build|url|comment|author|license|hash|commit");

    private Metadata() {}

    /** The first entry that both have, that has a meaning, and that differs: its key. */
    public static Optional<String> contradiction(Map<String, String> base, Map<String, String> expert) {
        return new TreeMap<>(base)
                .entrySet().stream()
                        .filter(entry -> {
                            String theirs = expert.get(entry.getKey());
                            return theirs != null
                                    && !theirs.strip().equals(entry.getValue().strip())
                                    && hasMeaning(entry.getKey(), entry.getValue(), theirs);
                        })
                        .map(Map.Entry::getKey)
                        .findFirst();
    }

    private static boolean hasMeaning(String key, String ours, String theirs) {
        String name = key.toLowerCase(Locale.ROOT);
        return SETTINGS.contains(name)
                || (NUMBERS.matcher(ours).matches()
                        && NUMBERS.matcher(theirs).matches()
                        && !DESCRIPTIVE.matcher(name).find());
    }
}
