package dev.koine.speech.evaluation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.speech.Task;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads {@code references.jsonl}, and refuses it with its line where it cannot be used. */
final class ReferenceLines {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    private static final Pattern LANGUAGE = Pattern.compile("[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}");
    private static final int LONGEST_ID = 200;
    private static final int LONGEST_QUOTE = 60;

    private final Path file;
    private final EvaluationLimits limits;
    private final Function<String, @Nullable Recording> recordings;
    private final List<Utterance> utterances = new ArrayList<>();
    private final Set<Key> keys = new HashSet<>();
    private final Map<String, String> languages = new HashMap<>();
    private int number;

    private record Key(String id, Task task) {}

    /** @param recordings by id; null where there is none */
    ReferenceLines(Path file, EvaluationLimits limits, Function<String, @Nullable Recording> recordings) {
        this.file = file;
        this.limits = limits;
        this.recordings = recordings;
    }

    List<Utterance> read() throws IOException, RejectedException {
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                number++;
                if (!line.isBlank()) {
                    add(line);
                }
            }
        } catch (CharacterCodingException e) {
            throw new RejectedException(
                    RejectionCode.INVALID_EVENT,
                    file.getFileName() + " is no text in UTF-8 after line " + number + ". Write it in UTF-8.");
        }
        return utterances;
    }

    private void add(String line) throws RejectedException {
        JsonNode reference;
        try {
            reference = JSON.readTree(line);
        } catch (JsonProcessingException e) {
            throw unusable("is not JSON: " + e.getOriginalMessage());
        }
        String id = text(reference, "id", LONGEST_ID);
        String language = text(reference, "language", LONGEST_ID);
        if (!LANGUAGE.matcher(language).matches()) {
            throw unusable("has the language '" + quoted(language) + "', which is no BCP 47 tag such as de or pt-BR");
        }
        Task task;
        try {
            task = Task.of(text(reference, "task", LONGEST_ID));
        } catch (IllegalArgumentException e) {
            throw unusable("has the task '" + quoted(text(reference, "task", LONGEST_ID))
                    + "', where transcribe and translate are known");
        }
        String text = text(reference, "text", limits.characters());
        Recording recording = recordings.apply(id);
        if (recording == null) {
            throw unusable("names the recording '" + quoted(id) + "', which features.safetensors does not have");
        }
        if (!keys.add(new Key(id, task))) {
            throw unusable("gives recording '" + quoted(id) + "' a second text for " + task);
        }
        String other = languages.putIfAbsent(id, language);
        if (other != null && !other.equals(language)) {
            throw unusable("has recording '" + quoted(id) + "' in " + language + ", and a line before in " + other);
        }
        if (utterances.size() == limits.texts()) {
            throw new RejectedException(
                    RejectionCode.TOO_LARGE,
                    file.getFileName() + " has more than " + limits.texts() + " texts. Draw a smaller evaluation set.");
        }
        utterances.add(new Utterance(recording, language, task, text));
    }

    private String text(JsonNode reference, String field, int longest) throws RejectedException {
        JsonNode node = reference.path(field);
        if (!node.isTextual()) {
            throw unusable("has no text '" + field + "'");
        }
        String text = node.textValue();
        if (text.length() > longest) {
            throw new RejectedException(
                    RejectionCode.TOO_LARGE,
                    "Line " + number + " of " + file.getFileName() + " has " + text.length() + " characters at '"
                            + field + "', and " + longest + " are the most. Leave the line out.");
        }
        return text;
    }

    private RejectedException unusable(String what) {
        return new RejectedException(
                RejectionCode.INVALID_EVENT,
                "Line " + number + " of " + file.getFileName() + " " + what
                        + ". A line is {\"id\", \"language\", \"task\", \"text\"}: correct it or leave it out.");
    }

    private static String quoted(String text) {
        return text.length() <= LONGEST_QUOTE ? text : text.substring(0, LONGEST_QUOTE) + "...";
    }
}
