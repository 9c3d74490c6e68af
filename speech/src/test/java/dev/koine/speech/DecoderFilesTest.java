package dev.koine.speech;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.koine.engine.Device;
import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.WorkPool;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.merge.OfflineMerge;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.WeightPlaces;
import dev.koine.engine.tensor.Weight;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.onnx.OnnxSessions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The layouts that Optimum exports a decoder in. */
class DecoderFilesTest {
    private static final OnnxOptions OPTIONS = new OnnxOptions(1, Device.CPU);
    private static final String PLAIN = "decoder_model.onnx";
    private static final String WITH_PAST = "decoder_with_past_model.onnx";
    private static final String MERGED = "decoder_model_merged.onnx";

    @TempDir
    Path directory;

    @BeforeEach
    void writeModel() throws Exception {
        TinyWhisper.writeWithoutDecoder(directory);
        TinyWhisper.talking().writePlain(directory);
    }

    @Test
    void aKeyValueCacheChangesNoText() throws Exception {
        List<String> without = transcripts(directory);
        TinyWhisper.talking().writeWithPast(directory);
        assertThat(transcripts(directory)).isEqualTo(without).doesNotHaveDuplicates();
        TinyWhisper.silent().writeWithPast(directory);
        assertThat(transcripts(directory)).isNotEqualTo(without);
    }

    @Test
    void aDecoderWithPastThatDoesNotFitIsRefused() throws Exception {
        TinyWhisper.talking().writeWithPast(directory);
        Files.copy(directory.resolve("encoder_model.onnx"), directory.resolve("other.onnx"));
        Files.delete(directory.resolve(PLAIN));
        Files.move(directory.resolve("other.onnx"), directory.resolve(PLAIN));
        assertRejected("past_key_values.0.decoder.key");
    }

    /** What stands beside it is not looked at. */
    @Test
    void aMergedDecoderIsTakenFirstAndChangesNoTextAndNoLoss() throws Exception {
        List<String> without = transcripts(directory);
        Loss loss = loss();
        TinyWhisper.talking().writeMerged(directory);
        TinyWhisper.silent().writeWithPast(directory);
        TinyWhisper.silent().writePlain(directory);
        assertThat(transcripts(directory)).isEqualTo(without).doesNotHaveDuplicates();
        assertThat(loss()).isEqualTo(loss);
    }

    @Test
    void aMergedDecoderIsEnough() throws Exception {
        List<String> without = transcripts(directory);
        Files.delete(directory.resolve(PLAIN));
        TinyWhisper.talking().writeMerged(directory);
        assertThat(transcripts(directory)).isEqualTo(without);
        try (OnnxSessions sessions = OnnxSessions.open(directory, OPTIONS)) {
            SpeechModel model = SpeechModel.open(directory, sessions);
            assertThat(model.transcribe(TinyWhisper.QUIET, "de", Task.TRANSCRIBE))
                    .isEqualTo(without.get(0));
        }
    }

    @Test
    void aMergedDecoderThatIsNoneIsPassedOverOrRefused() throws Exception {
        List<String> without = transcripts(directory);
        Files.move(directory.resolve(PLAIN), directory.resolve("kept"));
        TinyWhisper.silent().writePlain(directory);
        Files.move(directory.resolve(PLAIN), directory.resolve(MERGED));
        assertRejected("use_cache_branch");
        Files.move(directory.resolve("kept"), directory.resolve(PLAIN));
        assertThat(transcripts(directory)).isEqualTo(without);
        try (OnnxSessions sessions = OnnxSessions.open(directory, OPTIONS)) {
            assertThat(SpeechModel.open(directory, sessions).transcribe(TinyWhisper.LOUD, "de", Task.TRANSCRIBE))
                    .isEqualTo(without.get(1));
        }
    }

    @Test
    void aMergedVersionSaysTheSameThroughEachOfItsDecoders() throws Exception {
        Path base = all(TinyWhisper.talking(), "base");
        TinyWhisper tuned = TinyWhisper.talking();
        tuned.next()[2][1] = 0;
        tuned.next()[2][0] = 4;
        tuned.linear()[0][1] = 0.75f;
        tuned.linear()[2][0] = -0.25f;
        Path expert = all(tuned, "expert");
        Path version = directory.resolve("version");
        Recipe recipe = Recipe.PUBLISHED.with(Scale.parse("1"));
        try (WorkPool pool = new WorkPool(2)) {
            new OfflineMerge(ModelBundle.open(base), recipe, Lanczos::truncate, pool, Progress.NONE)
                    .merge(List.of(new OfflineMerge.Expert(expert, 1)), version);
        }
        List<String> plain = transcripts(only(version, "plain", PLAIN));
        assertThat(plain).doesNotHaveDuplicates().isEqualTo(transcripts(only(expert, "tuned", PLAIN)));
        assertThat(plain).doesNotContainAnyElementsOf(transcripts(only(base, "before", PLAIN)));
        assertThat(transcripts(only(version, "past", PLAIN, WITH_PAST))).isEqualTo(plain);
        assertThat(transcripts(only(version, "merged", MERGED))).isEqualTo(plain);
        assertThat(transcripts(version)).isEqualTo(plain);
    }

    @Test
    void aWeightInThreeFilesIsOne() throws Exception {
        List<WeightPlaces> weights = WeightPlaces.of(ModelBundle.open(all(TinyWhisper.talking(), "base")));
        assertThat(weights)
                .filteredOn(weight -> weight.places().get(0).key().equals(PLAIN + "/next"))
                .singleElement()
                .satisfies(next -> assertThat(next.places())
                        .extracting(Weight::key)
                        .containsExactly(PLAIN + "/next", MERGED + "/next", WITH_PAST + "/next"));
    }

    private Path all(TinyWhisper whisper, String name) throws Exception {
        Path folder = directory.resolve(name);
        TinyWhisper.writeWithoutDecoder(folder);
        whisper.writePlain(folder);
        whisper.writeWithPast(folder);
        whisper.writeMerged(folder);
        return folder;
    }

    /** A copy of a bundle that has no other decoders than these. */
    private Path only(Path bundle, String name, String... decoders) throws Exception {
        Path folder = directory.resolve(name);
        TinyWhisper.writeWithoutDecoder(folder);
        for (String decoder : decoders) {
            Files.copy(bundle.resolve(decoder), folder.resolve(decoder));
        }
        return folder;
    }

    private static List<String> transcripts(Path bundle) throws Exception {
        List<String> texts = new ArrayList<>();
        try (SpeechModel model = SpeechModel.open(bundle, OPTIONS)) {
            for (Features features : List.of(TinyWhisper.QUIET, TinyWhisper.LOUD)) {
                texts.add(model.transcribe(features, "de", Task.TRANSCRIBE));
            }
        }
        return texts;
    }

    private Loss loss() throws Exception {
        try (SpeechModel model = SpeechModel.open(directory, OPTIONS);
                EncodedSpeech encoded = model.encode(TinyWhisper.QUIET)) {
            return encoded.loss("de", Task.TRANSCRIBE, "a b");
        }
    }

    private void assertRejected(String says) {
        assertThatExceptionOfType(RejectedException.class)
                .isThrownBy(() -> SpeechModel.open(directory, OPTIONS).close())
                .withMessageContaining(says)
                .satisfies(e -> assertThat(e.code()).isEqualTo(RejectionCode.NOT_LOADABLE));
    }
}
