package dev.koine.speech.quarantine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.koine.engine.Device;
import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.speech.SpeechModel;
import dev.koine.speech.TinyWhisper;
import dev.koine.speech.evaluation.EvaluationResult;
import dev.koine.speech.evaluation.EvaluationSet;
import dev.koine.speech.evaluation.Evaluator;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.testkit.Fixtures;
import dev.koine.testkit.HarmfulModel;
import dev.koine.testkit.TinyOnnx;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is loaded, asked and evaluated in a worker, and what happens to this process when the worker dies: nothing. */
@Timeout(600)
class QuarantineTest {
    private static final OnnxOptions OPTIONS = new OnnxOptions(1, Device.CPU);
    private static final QuarantineLimits LIMITS =
            QuarantineLimits.DEFAULT.withMemory(768 << 20).withTime(Duration.ofSeconds(2));

    private static Quarantine quarantine;

    @TempDir
    private Path directory;

    @BeforeAll
    static void open() {
        quarantine = new Quarantine(LIMITS);
    }

    @AfterAll
    static void close() {
        quarantine.close();
    }

    @Test
    void asksAWholeModel() throws Exception {
        Answers answers = quarantine.ask(Fixtures.ctc("base"), OPTIONS);

        assertThat(answers.unasked()).isEmpty();
        assertThat(answers.outputs()).singleElement().satisfies(output -> {
            assertThat(output.file()).isEqualTo("model");
            assertThat(output.numbers()).isPositive();
            assertThat(output.broken()).isZero();
        });
    }

    @Test
    void asksEveryFileOfWhisper() throws Exception {
        Answers answers = quarantine.ask(Fixtures.whisper("base"), OPTIONS);

        assertThat(answers.unasked()).isEmpty();
        assertThat(answers.outputs().stream().map(Answers.Output::file)).contains("encoder_model", "decoder_model");
        assertThat(answers.broken()).isZero();
    }

    @Test
    void asksADecoderWithABranchForItsCache(@TempDir Path model) throws Exception {
        TinyWhisper.writeWithoutDecoder(model);
        TinyWhisper.talking().writeMerged(model);
        Answers answers = quarantine.ask(model, OPTIONS);

        assertThat(answers.unasked()).isEmpty();
        assertThat(answers.outputs())
                .filteredOn(output -> output.file().equals("decoder_model_merged"))
                .extracting(Answers.Output::name)
                .contains("logits");
        assertThat(answers.broken()).isZero();
    }

    @Test
    void asksBothBranches(@TempDir Path model) throws Exception {
        TinyOnnx broken = new TinyOnnx()
                .output("y", "1", "2")
                .floats("negative", -1)
                .node("Sqrt", "root", "negative")
                .node("Add", "y", "x", "root");
        TinyOnnx healthy = new TinyOnnx().output("y", "1", "2").node("Identity", "y", "x");
        for (boolean isFirst : new boolean[] {true, false}) {
            new TinyOnnx()
                    .floatInput("x", "1", "2")
                    .boolInput("which", "1")
                    .output("y", "1", "2")
                    .branches("which", isFirst ? broken : healthy, isFirst ? healthy : broken)
                    .write(model.resolve("model.onnx"));
            Answers answers = quarantine.ask(model, OPTIONS);

            assertThat(answers.outputs()).containsExactly(new Answers.Output("model", "y", 4, 2, 0));
            assertThat(answers.unasked()).isEmpty();
        }
    }

    @Test
    void evaluatesToTheSameFiguresAsInThisProcess() throws Exception {
        Path set = Fixtures.ctc("evaluation/de");
        List<String> steps = new ArrayList<>();
        Progress progress = (stage, done, total) -> steps.add(stage);

        Iterable<EvaluationResult> found = quarantine
                .evaluate(Fixtures.ctc("base"), OPTIONS, new Examiner.Speech(List.of(set), 5, 3, 2), progress)
                .values();

        try (SpeechModel model = SpeechModel.open(Fixtures.ctc("base"), OPTIONS)) {
            assertThat(found)
                    .containsExactlyElementsOf(new Evaluator(1, Progress.NONE)
                            .evaluate(model, EvaluationSet.read(set).sample(5, 3))
                            .values());
        }
        assertThat(steps).contains("evaluating");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ctc", "whisper"})
    void whatIsAskedAndEvaluatedAtOnceIsAsIfOneAfterTheOther(String architecture) throws Exception {
        Path fixtures = Fixtures.ROOT.resolve(architecture);
        Path base = fixtures.resolve("base");
        Examiner.Speech speech = new Examiner.Speech(List.of(fixtures.resolve("evaluation/de")), 3, 3, 1);

        Examiner.Findings found = quarantine.askAndEvaluate(base, OPTIONS, speech, Progress.NONE);

        assertThat(found.answers()).isEqualTo(quarantine.ask(base, OPTIONS));
        assertThat(found.results()).isEqualTo(quarantine.evaluate(base, OPTIONS, speech, Progress.NONE));
    }

    @Test
    void aModelThatTheRuntimeAbortsOnIsRefusedWithWhatItPrinted() throws Exception {
        RejectedException refusal = refusal(HarmfulModel.ABORTS, quarantine);

        assertThat(refusal.code()).isEqualTo(RejectionCode.NOT_LOADABLE);
        assertThat(refusal)
                .hasMessageContaining("ONNX Runtime 1.")
                .hasMessageContaining("loading model.onnx")
                .hasMessageContaining("signal 6")
                .hasMessageContaining("Assertion '__n < this->size()' failed");
        assertThat(refusal.getMessage()).hasSizeLessThan(1000).doesNotContain("\n");
        assertThat(quarantine.ask(Fixtures.ctc("base"), OPTIONS).broken()).isZero();
    }

    @Test
    void aModelThatMakesTheRuntimeReadWhereNothingIsIsRefused() throws Exception {
        new TinyOnnx()
                .floatInput("x", "n")
                .node("Min", "y", "x", "", "")
                .output("y", "n")
                .write(directory.resolve("model.onnx"));

        assertThatExceptionOfType(RejectedException.class)
                .isThrownBy(() -> quarantine.ask(directory, OPTIONS))
                .withMessageContaining("asking the model")
                .withMessageContaining("SIGSEGV")
                .extracting(RejectedException::code)
                .isEqualTo(RejectionCode.NOT_LOADABLE);
    }

    @Test
    void aModelOfATypeThatHasNoKernelHereIsNotToldToChangeItsOperatorSet() throws Exception {
        new TinyOnnx()
                .bfloat16Input("a", "2", "2")
                .bfloat16Input("b", "2", "2")
                .node("MatMul", "y", "a", "b")
                .bfloat16Output("y", "2", "2")
                .write(directory.resolve("model.onnx"));

        assertThatExceptionOfType(RejectedException.class)
                .isThrownBy(() -> quarantine.ask(directory, OPTIONS))
                .withMessageContaining("Could not find an implementation for MatMul")
                .withMessageEndingWith("such as bfloat16 on a CPU: export the model in float32.");
    }

    @Test
    void aModelThatNeverAnswersIsRefused() throws Exception {
        assertThat(refusal(HarmfulModel.HANGS, quarantine))
                .hasMessageContaining("asking the model")
                .hasMessageContaining("2 s are allowed")
                .extracting(RejectedException::code)
                .isEqualTo(RejectionCode.TOO_LARGE);
    }

    @Test
    void aSmallFileThatAsksForATerabyteHarmsNobody() throws Exception {
        Path bundle = bundle(HarmfulModel.ALLOCATES);

        assertThat(quarantine.ask(bundle, OPTIONS).unasked())
                .singleElement()
                .asString()
                .contains("model: ");
        assertThat(quarantine.ask(Fixtures.ctc("base"), OPTIONS).broken()).isZero();
    }

    @Test
    void aModelThatGrowsBeyondItsMemoryHarmsNobody() throws Exception {
        Path bundle = bundle(HarmfulModel.GROWS);

        try {
            assertThat(quarantine.ask(bundle, OPTIONS).unasked()).isNotEmpty();
        } catch (RejectedException e) {
            assertThat(e.code()).isIn(RejectionCode.TOO_LARGE, RejectionCode.NOT_LOADABLE);
        }
        assertThat(quarantine.ask(Fixtures.ctc("base"), OPTIONS).broken()).isZero();
    }

    @Test
    void whatTheRuntimeRefusesIsRefusedWithItsReason() throws Exception {
        Path bundle = Files.createDirectory(directory.resolve("unknown"));
        new TinyOnnx()
                .floatInput("x", "n")
                .node("NoSuchOperator", "y", "x")
                .output("y", "n")
                .write(bundle.resolve("model.onnx"));

        assertThatExceptionOfType(RejectedException.class)
                .isThrownBy(() -> quarantine.ask(bundle, OPTIONS))
                .withMessageContaining("NoSuchOperator")
                .satisfies(e -> assertThat(e.code()).isEqualTo(RejectionCode.NOT_LOADABLE));
    }

    @Test
    void countsWhatIsNotFinite() throws Exception {
        Path bundle = Files.createDirectory(directory.resolve("roots"));
        new TinyOnnx()
                .floatInput("x", "n")
                .node("Neg", "z", "x")
                .node("Sqrt", "y", "z")
                .output("y", "n")
                .write(bundle.resolve("model.onnx"));

        Answers answers = quarantine.ask(bundle, OPTIONS);

        assertThat(answers.outputs()).singleElement().satisfies(output -> {
            assertThat(output.numbers()).isEqualTo(8);
            assertThat(output.nans()).isBetween(1L, 7L);
        });
        answers.requireAny();
        answers.requireFinite(answers);
        assertThatExceptionOfType(RejectedException.class)
                .isThrownBy(() -> answers.requireFinite(null))
                .withMessageContaining("NaN in " + answers.broken() + " of the 8 numbers of output 'y' of model.onnx");
    }

    @Test
    void aModelThatTakesALogarithmOfItsInputIsAskedWithPositiveNumbers() throws Exception {
        Path bundle = Files.createDirectory(directory.resolve("logarithm"));
        new TinyOnnx()
                .floatInput("x", "n")
                .node("Log", "y", "x")
                .output("y", "n")
                .write(bundle.resolve("model.onnx"));

        assertThat(quarantine.ask(bundle, OPTIONS).broken()).isZero();
    }

    @Test
    void aWorkerKilledFromOutsideCostsNoModelAnything() throws Exception {
        try (Quarantine own = new Quarantine(LIMITS)) {
            own.prepare();
            workers().forEach(ProcessHandle::destroyForcibly);

            assertThat(own.ask(Fixtures.ctc("base"), OPTIONS).broken()).isZero();
        }
    }

    @Test
    void aPreparedWorkerServesModelsOfSeveralSizes() throws Exception {
        Set<ProcessHandle> before = workers();
        try (Quarantine own = new Quarantine(LIMITS)) {
            own.prepare();
            own.ask(Fixtures.ctc("base"), OPTIONS);
            Set<ProcessHandle> first = workersBut(before);
            own.ask(Fixtures.whisper("base"), OPTIONS);

            assertThat(first).hasSize(1);
            assertThat(workersBut(before)).isEqualTo(first);
        }
    }

    /** Those of other tests may end at any moment. */
    private static Set<ProcessHandle> workersBut(Set<ProcessHandle> others) {
        Set<ProcessHandle> workers = workers();
        workers.removeAll(others);
        return workers;
    }

    @Test
    void aWorkerLeavesNoFolder() throws Exception {
        String temporary = System.getProperty("java.io.tmpdir");
        System.setProperty("java.io.tmpdir", directory.toString());
        try (Quarantine own = new Quarantine(LIMITS)) {
            own.ask(Fixtures.ctc("base"), OPTIONS);
        } finally {
            System.setProperty("java.io.tmpdir", temporary);
        }
        assertThat(directory).isEmptyDirectory();
    }

    private static Set<ProcessHandle> workers() {
        return ProcessHandle.current()
                .children()
                .filter(ProcessHandle::isAlive)
                .filter(child ->
                        child.info().arguments().map(List::of).orElse(List.of()).contains(WorkerMain.class.getName()))
                .collect(Collectors.toSet());
    }

    @Test
    void anInterruptEndsTheWorkerAndTheCall() throws Exception {
        var executor = Executors.newSingleThreadExecutor();
        Set<ProcessHandle> before = workers();
        try (Quarantine own = new Quarantine(QuarantineLimits.DEFAULT)) {
            Path bundle = bundle(HarmfulModel.HANGS);
            own.prepare();
            Future<Throwable> call = executor.submit(
                    () -> catchThrowableOfType(InterruptedIOException.class, () -> own.ask(bundle, OPTIONS)));
            TimeUnit.MILLISECONDS.sleep(500);
            executor.shutdownNow();

            assertThat(call.get(2, TimeUnit.MINUTES)).isNotNull();
            for (int i = 0; i < 1200 && !workersBut(before).isEmpty(); i++) {
                TimeUnit.MILLISECONDS.sleep(100);
            }
            assertThat(workersBut(before)).isEmpty();
        }
    }

    @Test
    void theWorkerInheritsNoSecret() throws Exception {
        ProcessBuilder command = WorkerCommand.of(LIMITS, 1 << 30, directory);

        assertThat(command.environment().keySet())
                .isSubsetOf(
                        "PATH",
                        "LANG",
                        "LC_ALL",
                        "LD_LIBRARY_PATH",
                        "CUDA_VISIBLE_DEVICES",
                        "CUDA_PATH",
                        "NVIDIA_VISIBLE_DEVICES",
                        "ORT_DISABLE_TELEMETRY",
                        "MALLOC_ARENA_MAX");
        assertThat(command.environment()).containsEntry("ORT_DISABLE_TELEMETRY", "1");
    }

    private RejectedException refusal(HarmfulModel model, Quarantine where) throws IOException {
        Path bundle = bundle(model);
        return catchThrowableOfType(RejectedException.class, () -> where.ask(bundle, OPTIONS));
    }

    private Path bundle(HarmfulModel model) throws IOException {
        return model.write(directory.resolve(model.name()));
    }
}
