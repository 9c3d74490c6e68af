package dev.koine.speech;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.koine.engine.Device;
import dev.koine.speech.evaluation.EvaluationSet;
import dev.koine.speech.evaluation.Recordings;
import dev.koine.speech.evaluation.Utterance;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.testkit.Fixtures;
import java.io.InputStream;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The texts of committed models that the Python client is held against, too. */
class TextsTest {
    @Test
    void textsAreThoseOfTheGoldenFile() throws Exception {
        try (InputStream golden = TextsTest.class.getResourceAsStream("texts.json");
                Recordings recordings = new Recordings()) {
            JsonNode entries = new ObjectMapper().readTree(golden);
            assertThat(entries.size()).isPositive();
            for (JsonNode entry : entries) {
                Path folder = Fixtures.ROOT.resolve(entry.get("kind").textValue());
                String language = entry.get("language").textValue();
                Task task = Task.of(entry.get("task").textValue());
                Utterance utterance = EvaluationSet.read(folder.resolve("evaluation/" + language))
                        .where(it -> it.id().equals(entry.get("id").textValue()) && it.task() == task)
                        .utterances()
                        .get(0);
                Path bundle = folder.resolve(entry.get("model").textValue());
                try (SpeechModel model = SpeechModel.open(bundle, new OnnxOptions(1, Device.CPU))) {
                    assertThat(model.transcribe(recordings.read(utterance.recording()), language, task))
                            .as("%s", entry)
                            .isEqualTo(entry.get("text").textValue());
                }
            }
        }
    }
}
