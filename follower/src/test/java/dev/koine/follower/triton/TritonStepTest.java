package dev.koine.follower.triton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.koine.follower.Occasion;
import dev.koine.follower.Placed;
import dev.koine.follower.Step.StepFailedException;
import dev.koine.schemas.ModelUpdate;
import dev.koine.testkit.TinyOnnx;
import dev.koine.testkit.TinyPair;
import dev.koine.testkit.Updates;
import dev.koine.testkit.triton.TritonStandIn;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TritonStepTest {
    private static final Duration AT_MOST = Duration.ofMinutes(2);

    @TempDir
    private Path directory;

    private final Map<Long, ModelUpdate> updates = new HashMap<>();
    private Path models;
    private TritonStandIn triton;
    private TritonStep step;

    @BeforeEach
    void start() throws Exception {
        Path folder = directory.resolve("served");
        models = Files.createDirectories(TritonStep.repository(folder));
        triton = TritonStandIn.start(models, Files.createDirectory(directory.resolve("memory")), Pairs::run);
        step = new TritonStep(folder, triton.url(), new Instances(2, Instances.Kind.CPU), AT_MOST, Pairs::example);
    }

    @AfterEach
    void stop() {
        triton.close();
    }

    private void take(long version, @Nullable String failure) throws Exception {
        if (!updates.containsKey(version)) {
            updates.put(version, Pairs.update(directory, version));
        }
        take(Objects.requireNonNull(updates.get(version)), failure);
    }

    private void take(ModelUpdate update, @Nullable String failure) throws Exception {
        Path files = Path.of(URI.create(update.getBundle().getUri()));
        step.take(new Occasion(new Placed(update, files), failure));
    }

    @Test
    void eachFileIsAModelOfItsOwn() throws Exception {
        take(0, null);
        assertThat(triton.loaded()).containsExactly("pairs-decoder_model/1", "pairs-encoder_model/1");
        assertThat(models.resolve("pairs-decoder_model/config.pbtxt")).hasContent("""
                # Written by koine follow.
                name: "pairs-decoder_model"
                backend: "onnxruntime"
                default_model_filename: "model.onnx"
                max_batch_size: 0
                version_policy { specific { versions: [ 1 ] } }
                input [ { name: "states" data_type: TYPE_FP32 dims: [ -1, 4 ] } ]
                input [ { name: "scale" data_type: TYPE_FP32 dims: [ 1 ] reshape: { shape: [ ] } } ]
                output [ { name: "logits" data_type: TYPE_FP32 dims: [ -1, 4 ] } ]
                instance_group [ { count: 2 kind: KIND_CPU } ]
                """);
        assertThat(models.resolve("pairs-decoder_model/1/model.onnx/decoder_model.onnx_data"))
                .isRegularFile();
        assertThat(models.resolve("pairs-encoder_model/1/model.onnx")).isRegularFile();
    }

    @Test
    void aNewVersionIsTriedBesideTheOldOneAndThenReplacesIt() throws Exception {
        take(0, null);
        int before = triton.calls().size();
        take(1, null);
        assertThat(triton.calls().subList(before, triton.calls().size()))
                .containsExactly(
                        "load pairs-decoder_model-trial",
                        "load pairs-encoder_model-trial",
                        "infer pairs-decoder_model-trial",
                        "infer pairs-encoder_model-trial",
                        "unload pairs-decoder_model-trial",
                        "unload pairs-encoder_model-trial",
                        "load pairs-decoder_model",
                        "load pairs-encoder_model",
                        "infer pairs-decoder_model",
                        "infer pairs-encoder_model");
        assertThat(triton.loaded()).containsExactly("pairs-decoder_model/2", "pairs-encoder_model/2");
        assertThat(models.toFile().list()).containsExactlyInAnyOrder("pairs-decoder_model", "pairs-encoder_model");
        assertThat(models.resolve("pairs-encoder_model").toFile().list())
                .containsExactlyInAnyOrder("config.pbtxt", "2");
    }

    @Test
    void nonsenseIsFoundOutBeforeItServes() throws Exception {
        take(0, null);
        triton.trouble((what, model, version) -> what.equals("nonsense") && version == 2);
        assertThatExceptionOfType(StepFailedException.class)
                .isThrownBy(() -> take(1, null))
                .withMessageContainingAll("pairs-decoder_model-trial answers", "'logits', where the model answers");
        assertThat(triton.loaded()).containsExactly("pairs-decoder_model/1", "pairs-encoder_model/1");
        assertThat(models.toFile().list()).containsExactlyInAnyOrder("pairs-decoder_model", "pairs-encoder_model");
        take(0, "It answers nonsense.");
        assertThat(triton.loaded()).containsExactly("pairs-decoder_model/1", "pairs-encoder_model/1");
    }

    @Test
    void allModelsGoBackWhereOneFails() throws Exception {
        take(0, null);
        triton.trouble(
                (what, model, version) -> what.equals("load") && model.equals("pairs-encoder_model") && version == 2);
        assertThatExceptionOfType(StepFailedException.class)
                .isThrownBy(() -> take(1, null))
                .withMessageContainingAll("pairs-encoder_model/load answered 400", "told to fail");
        assertThat(triton.loaded()).as("half").containsExactly("pairs-decoder_model/2", "pairs-encoder_model/1");
        take(0, "It does not load.");
        assertThat(triton.loaded()).containsExactly("pairs-decoder_model/1", "pairs-encoder_model/1");
        triton.trouble((what, model, version) -> false);
        take(1, null);
        assertThat(triton.loaded()).containsExactly("pairs-decoder_model/2", "pairs-encoder_model/2");
    }

    @Test
    void whatAVersionNoLongerHasIsUnloadedAndWhatSomebodyElsePutThereStays() throws Exception {
        take(0, null);
        Files.createDirectories(models.resolve("others"));
        Files.writeString(models.resolve("others/config.pbtxt"), "name: \"others\"\n");
        ModelUpdate update = Pairs.update(directory, 1);
        Path files = Path.of(URI.create(update.getBundle().getUri()));
        Files.delete(files.resolve("decoder_model.onnx"));
        take(update, null);
        assertThat(triton.loaded()).containsExactly("pairs-encoder_model/2");
        assertThat(models.toFile().list()).containsExactlyInAnyOrder("others", "pairs-encoder_model");
    }

    @Test
    void otherBytesUnderTheSameNumberReplaceThem() throws Exception {
        take(0, null);
        Path other = TinyPair.write(directory.resolve("other"), 7);
        take(Updates.of("pairs", 0, other), null);
        assertThat(models.resolve("pairs-encoder_model/1/model.onnx"))
                .hasSameBinaryContentAs(other.resolve("encoder_model.onnx"));
    }

    @Test
    void aServerThatIsDownIsSaidToBe() throws Exception {
        triton.close();
        assertThatExceptionOfType(StepFailedException.class)
                .isThrownBy(() -> take(0, null))
                .withMessageContaining("does not answer");
    }

    @Test
    void whatTritonDoesNotServeIsRefused() throws Exception {
        ModelUpdate update = Pairs.update(directory, 0);
        Path files = Path.of(URI.create(update.getBundle().getUri()));
        new TinyOnnx()
                .bfloat16Input("x", "4")
                .output("y", "4")
                .node("Identity", "y", "x")
                .write(files.resolve("decoder_model.onnx"));
        assertThatExceptionOfType(StepFailedException.class)
                .isThrownBy(() -> take(update, null))
                .withMessageContainingAll("Triton does not serve decoder_model.onnx", "'x'", "BFLOAT16");
        Files.delete(files.resolve("decoder_model.onnx"));
        Files.delete(files.resolve("encoder_model.onnx"));
        assertThatExceptionOfType(StepFailedException.class)
                .isThrownBy(() -> take(update, null))
                .withMessageContaining("There is no .onnx file");
    }
}
