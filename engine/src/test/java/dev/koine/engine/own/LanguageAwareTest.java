package dev.koine.engine.own;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.onnx.rewrite.Form;
import dev.koine.engine.onnx.rewrite.SideBranches.Plan;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.taskvector.TaskVectorFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LanguageAwareTest {
    private static final long[] SPEECH = {11, 12, 13};
    private static final int RANK = 3;

    @TempDir
    Path folder;

    /** A base, terms of two experts, and the model with the first. */
    private record Lab(Path base, String digest, Path model, List<Path> terms, List<Path> folded) {}

    private Lab lab(TestSpeech speech, Form form) throws Exception {
        Path base = speech.write(folder.resolve("base"));
        String digest = Bundle.describe(base).digest();
        ModelBundle opened = ModelBundle.open(base);
        List<Path> terms = new ArrayList<>();
        List<Path> folded = new ArrayList<>();
        try (WorkPool pool = new WorkPool(2)) {
            for (long seed : new long[] {21, 22}) {
                Path expert = speech.tuned(seed).write(folder.resolve("expert-" + seed));
                Path term = folder.resolve(seed + ".safetensors");
                OwnTermMaker maker = new OwnTermMaker(RANK, Precision.FLOAT16, pool, Progress.NONE);
                OwnTerm.write(term, maker.make(Alignment.of(opened, ModelBundle.open(expert))), digest);
                terms.add(term);
                Path whole = folder.resolve("folded-" + seed);
                try (OwnTerm made = OwnTerm.open(term)) {
                    FoldedModel.write(opened, digest, made, whole, pool);
                }
                folded.add(whole);
            }
        }
        Path model = folder.resolve("aware");
        LanguageAware.write(opened, digest, new Plan(form, 4, RANK, "language"), model)
                .add("cs", terms.get(0));
        return new Lab(base, digest, model, terms, folded);
    }

    @ParameterizedTest
    @CsvSource({
        "MATMUL, CALL, false", "MATMUL, BATCH, false", "TRANSPOSED, CALL, false", "TRANSPOSED, BATCH, false",
        "GEMM, CALL, false", "GEMM, BATCH, false", "BRANCHES, CALL, false", "BRANCHES, BATCH, false",
        "MATMUL, CALL, true", "MATMUL, BATCH, true", "GEMM, CALL, true", "BRANCHES, BATCH, true"
    })
    void rowZeroIsTheBaseBitForBitAndALanguageIsTheBaseWithItsTermFoldedIn(
            TestSpeech.Writing writing, Form form, boolean isHalf) throws Exception {
        Lab lab = lab(TestSpeech.of(writing, isHalf), form);
        try (Asked base = new Asked(lab.base());
                Asked folded = new Asked(lab.folded().get(0));
                Asked aware = new Asked(lab.model())) {
            for (boolean branch : new boolean[] {false, true}) {
                float[][] plain = base.logits(branch, SPEECH);
                float[][] own = aware.logits(form, new long[] {1, 1, 1}, branch, SPEECH);
                assertThat(Asked.bits(aware.logits(form, new long[] {0, 0, 0}, branch, SPEECH)))
                        .isEqualTo(Asked.bits(plain));
                assertThat(Asked.largestDifference(own, folded.logits(branch, SPEECH)))
                        .isLessThan(isHalf ? 2e-2f : 1e-4f);
                assertThat(Asked.largestDifference(own, plain)).isGreaterThan(0.03f);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"MATMUL", "TRANSPOSED", "GEMM", "BRANCHES"})
    void aBatchThatMixesLanguagesIsEachAlone(TestSpeech.Writing writing) throws Exception {
        Lab lab = lab(TestSpeech.of(writing, false), Form.BATCH);
        LanguageAware.open(lab.model()).add("nl", lab.terms().get(1));
        try (Asked aware = new Asked(lab.model())) {
            float[][] mixed = aware.logits(Form.BATCH, new long[] {2, 0, 1}, true, SPEECH);
            for (int i = 0; i < SPEECH.length; i++) {
                float[][] alone = aware.logits(Form.BATCH, new long[] {(i + 2) % 3}, true, SPEECH[i]);
                assertThat(Asked.largestDifference(new float[][] {mixed[i]}, alone))
                        .isLessThan(1e-5f);
            }
            assertThat(Asked.bits(aware.logits(Form.BATCH, new long[] {1}, true, SPEECH)))
                    .isEqualTo(Asked.bits(aware.logits(Form.BATCH, new long[] {1, 1, 1}, true, SPEECH)));
        }
    }

    @ParameterizedTest
    @CsvSource({"CALL", "BATCH"})
    void addingALanguageChangesNoBitOfAnyOther(Form form) throws Exception {
        Lab lab = lab(TestSpeech.of(TestSpeech.Writing.MATMUL, false), form);
        byte[] graph = Files.readAllBytes(lab.model().resolve("model.onnx"));
        long size = Files.size(lab.model().resolve("model.onnx_tables"));
        try (Asked before = new Asked(lab.model())) {
            int[][] base = Asked.bits(before.logits(form, new long[] {0, 0, 0}, true, SPEECH));
            int[][] first = Asked.bits(before.logits(form, new long[] {1, 1, 1}, true, SPEECH));
            int[][] free = Asked.bits(before.logits(form, new long[] {2, 2, 2}, true, SPEECH));
            assertThat(free).isEqualTo(base);

            assertThat(LanguageAware.open(lab.model()).add("nl", lab.terms().get(1)))
                    .isEqualTo(2);

            assertThat(Asked.bits(before.logits(form, new long[] {0, 0, 0}, true, SPEECH)))
                    .as("of a session that was open while the language was added")
                    .isEqualTo(base);
            assertThat(Asked.bits(before.logits(form, new long[] {1, 1, 1}, true, SPEECH)))
                    .isEqualTo(first);
            assertThat(Files.readAllBytes(lab.model().resolve("model.onnx"))).isEqualTo(graph);
            assertThat(Files.size(lab.model().resolve("model.onnx_tables"))).isEqualTo(size);
            try (Asked after = new Asked(lab.model());
                    Asked folded = new Asked(lab.folded().get(1))) {
                assertThat(Asked.bits(after.logits(form, new long[] {0, 0, 0}, true, SPEECH)))
                        .isEqualTo(base);
                assertThat(Asked.bits(after.logits(form, new long[] {1, 1, 1}, true, SPEECH)))
                        .isEqualTo(first);
                assertThat(Asked.largestDifference(
                                after.logits(form, new long[] {2, 2, 2}, true, SPEECH), folded.logits(SPEECH)))
                        .isLessThan(1e-4f);
            }
        }
        assertThat(LanguageTable.read(lab.model()).rowOf("NL")).contains(2);
        assertThat(LanguageTable.read(lab.model()).rowOf("de")).isEmpty();
    }

    @Test
    void theSameLanguagesInOneGoOrOneByOneAreTheSameBytes() throws Exception {
        Lab lab = lab(TestSpeech.of(TestSpeech.Writing.MATMUL, false), Form.CALL);
        LanguageAware.open(lab.model()).add("nl", lab.terms().get(1));
        Path again = folder.resolve("again");
        LanguageAware both = LanguageAware.write(
                ModelBundle.open(lab.base()), lab.digest(), new Plan(Form.CALL, 4, RANK, "language"), again);
        both.add("cs", lab.terms().get(0));
        both.add("nl", lab.terms().get(1));
        assertThat(Bundle.describe(again).digest())
                .isEqualTo(Bundle.describe(lab.model()).digest());
    }

    @Test
    void whatDoesNotFitIsRefusedAndLeavesTheModelAsItIs() throws Exception {
        TestSpeech speech = TestSpeech.of(TestSpeech.Writing.MATMUL, false);
        Lab lab = lab(speech, Form.CALL);
        String before = Bundle.describe(lab.model()).digest();
        LanguageAware model = LanguageAware.open(lab.model());
        Path term = lab.terms().get(1);
        assertThatThrownBy(() -> model.add("CS", term)).hasMessageContaining("inside already");
        assertThatThrownBy(() -> model.add("no tag", term)).hasMessageContaining("no language tag");
        Path foreign = folder.resolve("foreign.safetensors");
        try (OwnTerm own = OwnTerm.open(term)) {
            List<TaskVectorFile.Block> blocks = new ArrayList<>();
            for (var block : own.blocks()) {
                blocks.add(new TaskVectorFile.Block(block.weights(), 0, own.read(block)));
            }
            OwnTerm.write(foreign, blocks, "sha256:" + "ab".repeat(32));
            blocks.add(new TaskVectorFile.Block(
                    List.of("model.onnx/head"), 0, blocks.get(0).values()));
            OwnTerm.write(folder.resolve("head.safetensors"), blocks, lab.digest());
        }
        assertThatThrownBy(() -> model.add("nl", foreign)).hasMessageContaining("made for the base sha256:abab");
        assertThatThrownBy(() -> model.add("nl", folder.resolve("head.safetensors")))
                .hasMessageContaining("no side branch can stand there");
        try (WorkPool pool = new WorkPool(1)) {
            Path expert = speech.tuned(21).write(folder.resolve("large"));
            Path large = folder.resolve("large.safetensors");
            ModelBundle base = ModelBundle.open(lab.base());
            OwnTerm.write(
                    large,
                    new OwnTermMaker(RANK + 1, Precision.FLOAT16, pool, Progress.NONE)
                            .make(Alignment.of(base, ModelBundle.open(expert))),
                    lab.digest());
            assertThatThrownBy(() -> model.add("nl", large)).hasMessageContaining("larger --rank");
        }
        assertThat(Bundle.describe(lab.model()).digest()).isEqualTo(before);
        model.add("nl", term);
        model.add("it", term);
        assertThatThrownBy(() -> model.add("ru", term)).hasMessageContaining("room for 3 languages");
        Plan plan = new Plan(Form.CALL, 2, 2, "language");
        assertThatThrownBy(() ->
                        LanguageAware.write(ModelBundle.open(lab.model()), lab.digest(), plan, folder.resolve("twice")))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("language-aware model");
        assertThatThrownBy(() -> LanguageAware.write(
                        ModelBundle.open(lab.base()),
                        lab.digest(),
                        new Plan(Form.CALL, 2, 2, "features"),
                        folder.resolve("input")))
                .hasMessageContaining("has an input 'features'");
    }
}
