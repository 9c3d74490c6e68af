package dev.koine.cli.card;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.cli.console.Plain;
import dev.koine.schemas.LanguageScore;
import dev.koine.schemas.Measures;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The YAML at the head of a model card, as the Hugging Face Hub reads it. Every text is quoted as in JSON, of which YAML is a superset:
 * {@code no} would be a truth value otherwise, and what comes from outside could be anything.
 */
final class CardMetadata {
    private static final JsonMapper JSON = new JsonMapper();

    private final StringBuilder yaml = new StringBuilder();

    private CardMetadata() {}

    /**
     * Writes the metadata of a version, between its lines of hyphens.
     *
     * @param baseModel the base on the Hub, such as {@code openai/whisper-small}; null if it is not known
     */
    static String of(ModelUpdate version, @Nullable String baseModel) {
        CardMetadata metadata = new CardMetadata();
        List<LanguageScore> scores = measured(version);
        boolean translates = scores.stream().anyMatch(CardMetadata::isTranslation)
                || version.getExperts().stream()
                        .anyMatch(expert -> expert.getTasks().stream().anyMatch("TRANSLATE"::equalsIgnoreCase));
        metadata.line("---");
        metadata.list("language", languages(version));
        metadata.line("library_name: onnx");
        metadata.line("pipeline_tag: automatic-speech-recognition");
        metadata.list(
                "tags",
                translates
                        ? List.of("koine", "merge", "onnx", "speech-translation")
                        : List.of("koine", "merge", "onnx"));
        if (baseModel != null) {
            metadata.line("base_model: " + quoted(baseModel));
            metadata.line("base_model_relation: merge");
        }
        if (!scores.isEmpty()) {
            metadata.list(
                    "metrics",
                    scores.stream().anyMatch(CardMetadata::isTranslation)
                            ? List.of("wer", "cer", "bleu")
                            : List.of("wer", "cer"));
            metadata.results(version, scores);
        }
        metadata.line("---");
        return metadata.yaml.toString();
    }

    /** The languages of what is inside, and those that the gate guards. */
    static SortedSet<String> languages(ModelUpdate version) {
        SortedSet<String> languages = version.getExperts().stream()
                .map(MergedExpert::getLanguages)
                .flatMap(Collection::stream)
                .collect(Collectors.toCollection(TreeSet::new));
        if (version.getGate() != null) {
            languages.addAll(version.getGate().getPolicy().getGuarded());
        }
        return languages;
    }

    private static List<LanguageScore> measured(ModelUpdate version) {
        return version.getGate() == null
                ? List.of()
                : version.getGate().getScores().stream()
                        .filter(score -> score.getAfter().getError() != null)
                        .toList();
    }

    private void results(ModelUpdate version, List<LanguageScore> scores) {
        line("model-index:");
        line("- name: " + quoted(version.getModelId()));
        line("  results:");
        for (LanguageScore score : scores) {
            line("  - task:");
            line("      type: " + (isTranslation(score) ? "translation" : "automatic-speech-recognition"));
            line("    dataset:");
            line("      name: " + quoted("Koine evaluation set, " + score.getLanguage()));
            line("      type: koine-evaluation-set");
            line("      config: " + quoted(score.getLanguage()));
            line("    metrics:");
            Measures after = score.getAfter();
            metric("bleu", "BLEU", after.getBleu(), 1);
            metric("wer", "word error rate, percent", after.getWer(), 100);
            metric("cer", "character error rate, percent", after.getCer(), 100);
        }
    }

    private void metric(String type, String name, @Nullable Double value, double unit) {
        if (value != null) {
            line("    - type: " + type);
            line("      name: " + quoted(name));
            line("      value: " + String.format(Locale.ROOT, "%.2f", value * unit));
        }
    }

    private static boolean isTranslation(LanguageScore score) {
        return score.getTask().equals("TRANSLATE");
    }

    private void list(String name, Collection<String> values) {
        if (!values.isEmpty()) {
            line(name + ":");
            values.forEach(value -> line("- " + quoted(value)));
        }
    }

    private static String quoted(String text) {
        try {
            return JSON.writeValueAsString(Plain.of(text));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a text can always be written", e);
        }
    }

    private void line(String line) {
        yaml.append(line).append('\n');
    }
}
