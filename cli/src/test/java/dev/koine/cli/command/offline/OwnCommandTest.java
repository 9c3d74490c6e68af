package dev.koine.cli.command.offline;

import static dev.koine.cli.CommandLineRun.koine;
import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.koine.cli.CommandLineRun;
import dev.koine.cli.console.ExitCode;
import dev.koine.engine.Device;
import dev.koine.engine.own.LanguageTable;
import dev.koine.engine.store.Bundle;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.onnx.OnnxSessions;
import dev.koine.testkit.Fixtures;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OwnCommandTest {
    private static final OnnxOptions OPTIONS = new OnnxOptions(1, Device.CPU);
    private static final int FRAMES = 40;

    @TempDir
    Path directory;

    /** Encoder and decoder of Whisper, as exported: row 0 is the base, the others their terms folded in. */
    @ParameterizedTest
    @ValueSource(strings = {"CALL", "BATCH"})
    void eachLanguageIsServedByOneModelAsByItsOwn(String form) throws Exception {
        Path base = Fixtures.whisper("base");
        Path model = directory.resolve("aware");
        Path folded = directory.resolve("folded");
        CommandLineRun run = koine(
                "own",
                "--base",
                base.toString(),
                "--expert",
                "de=" + Fixtures.whisper("de"),
                "--expert",
                "fr=" + Fixtures.whisper("fr"),
                "--rank",
                "8",
                "--form",
                form,
                "--folded",
                folded.toString(),
                "--out",
                model.toString());
        assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.OK);
        assertThat(run.out())
                .containsPattern(
                        "de: row 1, [1-9][0-9]* factor pairs of rank 8, [1-9][0-9]* whole weights, [0-9,]+ bytes, sha256:")
                .contains(
                        "fr: row 2", "2 of 16 languages", Bundle.describe(model).digest());
        assertThat(LanguageTable.read(model).rowOf("fr")).contains(2);
        for (String file : List.of("encoder_model", "decoder_model")) {
            List<Float> plain = ask(base, file, null, form);
            assertThat(ask(model, file, 0L, form)).as(file).isEqualTo(plain);
            for (String language : List.of("de", "fr")) {
                List<Float> own = ask(model, file, language.equals("de") ? 1L : 2L, form);
                assertThat(difference(own, ask(folded.resolve(language), file, null, form)))
                        .isLessThan(1e-4);
                assertThat(difference(own, plain)).isGreaterThan(1e-2);
            }
        }
    }

    @Test
    void aLanguageThatIsAddedLaterChangesNothingButItsRow() throws Exception {
        Path model = directory.resolve("aware");
        Path both = directory.resolve("both");
        String base = Fixtures.ctc("base").toString();
        String german = "de=" + Fixtures.ctc("de");
        String french = "fr=" + Fixtures.ctc("fr");
        assertThat(koine("own", "--base", base, "--expert", german, "--out", model.toString())
                        .code())
                .isEqualTo(ExitCode.OK);
        List<Float> first = ask(model, "model", 1L, "CALL");
        CommandLineRun added = koine("own", "--base", base, "--expert", french, "--add", "--out", model.toString());
        assertThat(added.code()).as(added.err()).isEqualTo(ExitCode.OK);
        assertThat(added.out()).contains("fr: row 2");
        assertThat(ask(model, "model", 1L, "CALL")).isEqualTo(first);
        assertThat(ask(model, "model", 2L, "CALL")).isNotEqualTo(first);

        String file = model.resolve("own-terms/fr.safetensors").toString();
        CommandLineRun together =
                koine("own", "--base", base, "--expert", german, "--expert", "fr=" + file, "--out", both.toString());
        assertThat(together.code()).as(together.err()).isEqualTo(ExitCode.OK);
        assertThat(Bundle.describe(both).digest())
                .isEqualTo(Bundle.describe(model).digest());

        CommandLineRun twice = koine("own", "--base", base, "--expert", french, "--add", "--out", model.toString());
        assertThat(twice.code()).isEqualTo(ExitCode.REJECTED);
        assertThat(twice.err()).contains("Expert 'fr'", "inside already");
        assertThat(Bundle.describe(both).digest())
                .isEqualTo(Bundle.describe(model).digest());
    }

    @Test
    void whatCannotBeIsSaidInASentenceAndLeavesNothing() throws Exception {
        String base = Fixtures.ctc("base").toString();
        Path out = directory.resolve("out");
        CommandLineRun itself = koine("own", "--base", base, "--expert", "de=" + base, "--out", out.toString());
        assertThat(itself.code()).isEqualTo(ExitCode.REJECTED);
        assertThat(itself.err()).contains("UNCHANGED: Expert 'de'", "changes no matrix");
        CommandLineRun whisper =
                koine("own", "--base", base, "--expert", "de=" + Fixtures.whisper("de"), "--out", out.toString());
        assertThat(whisper.err()).contains("GRAPH_MISMATCH: Expert 'de'");
        CommandLineRun tag =
                koine("own", "--base", base, "--expert", "1=" + Fixtures.ctc("de"), "--out", out.toString());
        assertThat(tag.code()).isEqualTo(ExitCode.USAGE);
        assertThat(tag.err()).contains("'1' is no language tag");
        assertThat(koine("own", "--base", base, "--expert", "de=" + base, "--rank", "0", "--out", out.toString())
                        .err())
                .contains("The rank is 0");
        assertThat(koine("own", "--base", base, "--expert", "de=" + base, "--add", "--out", base)
                        .err())
                .contains("no languages.json");
        assertThat(Files.exists(out)).isFalse();
    }

    /** All float outputs for one input that is drawn. */
    private static List<Float> ask(Path folder, String file, @Nullable Long row, String form) throws Exception {
        Map<String, OnnxTensor> inputs = new HashMap<>();
        try (OnnxSessions sessions = OnnxSessions.open(folder, List.of(file), OPTIONS)) {
            OrtSession session = sessions.session(file);
            for (var input : session.getInputInfo().entrySet()) {
                if (!input.getKey().equals("language")) {
                    inputs.put(
                            input.getKey(), tensor((TensorInfo) input.getValue().getInfo()));
                }
            }
            if (row != null) {
                inputs.put(
                        "language",
                        form.equals("CALL")
                                ? OnnxSessions.longs(new long[] {row})
                                : OnnxSessions.longs(new long[] {row}, 1));
            }
            List<Float> values = new ArrayList<>();
            try (OrtSession.Result result = sessions.run(file, inputs)) {
                result.forEach(output -> {
                    FloatBuffer floats = ((OnnxTensor) output.getValue()).getFloatBuffer();
                    while (floats.hasRemaining()) {
                        values.add(floats.get());
                    }
                });
            }
            return values;
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
    }

    private static OnnxTensor tensor(TensorInfo info) throws Exception {
        long[] shape = info.getShape().clone();
        int numel = 1;
        for (int i = 0; i < shape.length; i++) {
            shape[i] = shape[i] > 0 ? shape[i] : i == 0 ? 1 : FRAMES;
            numel *= (int) shape[i];
        }
        Random random = new Random(numel);
        if (info.type == OnnxJavaType.INT64) {
            return OnnxSessions.longs(random.longs(numel, 0, 5).toArray(), shape);
        }
        float[] values = new float[numel];
        for (int i = 0; i < numel; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return OnnxSessions.floats(values, shape);
    }

    private static double difference(List<Float> a, List<Float> b) {
        double largest = 0;
        for (int i = 0; i < a.size(); i++) {
            largest = Math.max(largest, Math.abs(a.get(i) - b.get(i)));
        }
        return largest;
    }
}
