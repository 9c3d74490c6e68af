package dev.koine.subscriber.speech;

import ai.onnxruntime.OrtException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.koine.engine.RejectedException;
import dev.koine.engine.safetensors.Safetensors;
import dev.koine.engine.safetensors.TensorEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Held-out speech with its texts: {@code features.safetensors}, a matrix a recording under the recording's id, and
 * {@code references.jsonl}, a line {@code {"id", "language", "task", "text"}} a text. Held in memory whole.
 */
public record EvaluationSet(List<Utterance> utterances) {
    private static final ObjectMapper JSON = new ObjectMapper();

    public EvaluationSet {
        utterances = List.copyOf(utterances);
    }

    /**
     * Reads a directory.
     *
     * @throws IOException if a file is missing, is not what it should be, or names a recording that is not there
     */
    public static EvaluationSet read(Path directory) throws IOException {
        Path references = directory.resolve("references.jsonl");
        Map<String, Features> recordings = new HashMap<>();
        List<Utterance> utterances = new ArrayList<>();
        int number = 0;
        try (Safetensors file = Safetensors.open(directory.resolve("features.safetensors"))) {
            for (String line : Files.readAllLines(references)) {
                number++;
                if (line.isBlank()) {
                    continue;
                }
                JsonNode reference = JSON.readTree(line);
                String id = text(reference, "id");
                if (!recordings.containsKey(id)) {
                    recordings.put(id, features(file, id));
                }
                utterances.add(new Utterance(
                        id,
                        text(reference, "language"),
                        Task.of(text(reference, "task")),
                        text(reference, "text"),
                        recordings.get(id)));
            }
        } catch (JsonProcessingException | IllegalArgumentException e) {
            throw new IOException("Line " + number + " of " + references + " cannot be used: " + e.getMessage(), e);
        } catch (RejectedException e) {
            throw new IOException("The evaluation set in " + directory + " cannot be read: " + e.getMessage(), e);
        }
        return new EvaluationSet(utterances);
    }

    /** The utterances that the condition holds for, such as one task. */
    public EvaluationSet where(Predicate<Utterance> condition) {
        return new EvaluationSet(utterances.stream().filter(condition).toList());
    }

    /**
     * Decodes everything with a model, one after the other, and compares.
     *
     * @throws IllegalArgumentException if the model does not take one of the utterances
     * @throws OrtException if ONNX Runtime fails
     */
    public Score score(SpeechModel model) throws OrtException {
        Score score = Score.NONE;
        for (Utterance utterance : utterances) {
            String text = model.transcribe(utterance.features(), utterance.language(), utterance.task());
            score = score.plus(Score.of(utterance.text(), text));
        }
        return score;
    }

    private static Features features(Safetensors file, String id) throws IOException {
        TensorEntry entry = file.entry(id)
                .orElseThrow(() -> new IllegalArgumentException("features.safetensors has no recording " + id));
        if (entry.shape().size() != 2 || entry.numel() > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "recording " + id + " has the shape " + entry.shape() + " where a matrix is needed");
        }
        float[] values = new float[(int) entry.numel()];
        file.read(entry, 0, values.length, values, 0);
        return new Features(
                values, entry.shape().get(0).intValue(), entry.shape().get(1).intValue());
    }

    private static String text(JsonNode reference, String field) {
        JsonNode node = reference.path(field);
        if (!node.isTextual()) {
            throw new IllegalArgumentException("it has no text '" + field + "'");
        }
        return node.textValue();
    }
}
