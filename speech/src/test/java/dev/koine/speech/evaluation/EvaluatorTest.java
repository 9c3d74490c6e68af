package dev.koine.speech.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.Device;
import dev.koine.engine.Progress;
import dev.koine.engine.safetensors.SafetensorsWriter;
import dev.koine.engine.tensor.ElementType;
import dev.koine.speech.SpeechModel;
import dev.koine.speech.Task;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.testkit.TinyCtc;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.SortedMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluatorTest {
    private static final LanguageTask DE = new LanguageTask("de", Task.TRANSCRIBE);
    private static final LanguageTask FR = new LanguageTask("fr", Task.TRANSCRIBE);
    private static final LanguageTask TRANSLATED = new LanguageTask("de", Task.TRANSLATE);
    private static final int UTTERANCES = 6;

    @TempDir
    Path directory;

    /** Speech of which the logits are the features: German says "a b", French "b". */
    @BeforeEach
    void writeSpeech() throws Exception {
        SafetensorsWriter writer = new SafetensorsWriter();
        StringBuilder references = new StringBuilder();
        for (int i = 0; i < UTTERANCES; i++) {
            writer.tensor("de-" + i, ElementType.FLOAT, List.of(3L, 4L), out -> write(out, 2, 1, 3));
            writer.tensor("fr-" + i, ElementType.FLOAT, List.of(1L, 4L), out -> write(out, 3));
            references.append(line("de-" + i, "de", "transcribe", i == 0 ? "A, b c!" : "a b"));
            references.append(line("de-" + i, "de", "translate", "one"));
            references.append(line("fr-" + i, "fr", "transcribe", i == 0 ? "a" : "b"));
        }
        try (OutputStream out = Files.newOutputStream(directory.resolve("features.safetensors"))) {
            writer.writeTo(out);
        }
        Files.writeString(directory.resolve("references.jsonl"), references);
    }

    @Test
    void countsErrorsOfNormalisedTexts() throws Exception {
        SortedMap<LanguageTask, EvaluationResult> results = evaluate(1, 1, EvaluationSet.read(directory));
        EvaluationResult german = result(results, DE);
        assertThat(german.utterances()).isEqualTo(UTTERANCES);
        assertThat(german.wordErrorRate()).hasValue(1.0 / 13);
        assertThat(german.error()).isEqualTo(german.wordErrorRate());
        assertThat(german.loss()).isPresent();
        assertThat(result(results, FR).wordErrorRate()).hasValue(1.0 / UTTERANCES);
    }

    @Test
    void whatAModelCannotDoIsAFailureOfThatTaskAlone() throws Exception {
        SortedMap<LanguageTask, EvaluationResult> results = evaluate(1, 2, EvaluationSet.read(directory));
        assertThat(result(results, TRANSLATED).error()).isEmpty();
        assertThat(result(results, TRANSLATED).failure())
                .hasValueSatisfying(why -> assertThat(why).contains("transcribe"));
        assertThat(result(results, DE).failure()).isEmpty();
    }

    @Test
    void notANumberIsAFailureAndNoScore() throws Exception {
        EvaluationResult german = result(evaluate(Float.NaN, 2, EvaluationSet.read(directory)), DE);
        assertThat(german.score()).isEmpty();
        assertThat(german.error()).isEmpty();
        assertThat(german.failure()).hasValueSatisfying(why -> assertThat(why).contains("NaN"));
    }

    @Test
    void orderAndThreadsChangeNothing() throws Exception {
        EvaluationSet set = EvaluationSet.read(directory);
        List<Utterance> shuffled = new ArrayList<>(set.utterances());
        Collections.shuffle(shuffled, new Random(5));
        assertThat(evaluate(1, 4, new EvaluationSet(shuffled))).isEqualTo(evaluate(1, 1, set));
    }

    @Test
    void anInterruptionEndsIt() throws Exception {
        EvaluationSet set = EvaluationSet.read(directory);
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> evaluate(1, 2, set)).isInstanceOf(InterruptedException.class);
        } finally {
            Thread.interrupted();
        }
    }

    @Test
    void aWrittenSetIsReadAsWhatItWas() throws Exception {
        EvaluationSet drawn = EvaluationSet.read(directory).sample(3, 9);
        Path copy = Files.createDirectories(directory.resolve("copy"));
        EvaluationSetWriter.write(drawn, copy);
        assertThat(evaluate(1, 1, EvaluationSet.read(copy))).isEqualTo(evaluate(1, 1, drawn));
        assertThat(EvaluationSet.read(copy).recordings()).hasSameSizeAs(drawn.recordings());
    }

    private static EvaluationResult result(Map<LanguageTask, EvaluationResult> results, LanguageTask what) {
        return Objects.requireNonNull(results.get(what));
    }

    private SortedMap<LanguageTask, EvaluationResult> evaluate(float weight, int threads, EvaluationSet set)
            throws Exception {
        Path place = Files.createTempDirectory(directory, "model");
        TinyCtc.write(place, weight);
        try (SpeechModel model = SpeechModel.open(place, new OnnxOptions(1, Device.CPU))) {
            return new Evaluator(threads, Progress.NONE).evaluate(model, set);
        }
    }

    private static String line(String id, String language, String task, String text) {
        return "{\"id\": \"" + id + "\", \"language\": \"" + language + "\", \"task\": \"" + task + "\", \"text\": \""
                + text + "\"}\n";
    }

    private static void write(OutputStream out, int... symbols) throws java.io.IOException {
        ByteBuffer bytes = ByteBuffer.allocate(symbols.length * 16).order(ByteOrder.LITTLE_ENDIAN);
        for (int symbol : symbols) {
            for (int i = 0; i < 4; i++) {
                bytes.putFloat(i == symbol ? 5 : 0);
            }
        }
        out.write(bytes.array());
    }
}
