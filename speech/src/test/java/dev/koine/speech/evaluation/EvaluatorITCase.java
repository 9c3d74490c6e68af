package dev.koine.speech.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.Device;
import dev.koine.engine.Progress;
import dev.koine.speech.SpeechModel;
import dev.koine.speech.Task;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.testkit.Fixtures;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EvaluatorITCase {
    private static final OnnxOptions OPTIONS = new OnnxOptions(1, Device.CPU);

    @ParameterizedTest
    @CsvSource({"ctc, de", "ctc, ca", "whisper, de", "whisper, fr"})
    void anExpertMakesFewerErrorsThanItsBase(String architecture, String language) throws Exception {
        Path models = Fixtures.ROOT.resolve(architecture);
        EvaluationSet set = EvaluationSet.read(models.resolve("evaluation").resolve(language));

        double base = characterErrorRate(models.resolve("base"), set);
        double expert = characterErrorRate(models.resolve(language), set);

        assertThat(expert).isLessThan(base);
    }

    private static double characterErrorRate(Path directory, EvaluationSet set) throws Exception {
        try (SpeechModel model = SpeechModel.open(directory, OPTIONS)) {
            EvaluationResult result = new Evaluator(2, Progress.NONE)
                    .evaluate(model, set)
                    .values()
                    .iterator()
                    .next();
            assertThat(result.what().task()).isEqualTo(Task.TRANSCRIBE);
            return result.characterErrorRate().orElseThrow();
        }
    }
}
