package dev.koine.engine.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.method.TaskArithmetic;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.tensor.ElementType;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Masks and other constants that the tools behind base and expert have written in different ways. */
class LargeConstantsTest {
    private static final Recipe WHOLE =
            Recipe.PUBLISHED.with(new TaskArithmetic()).with(Scale.fixed(1));
    private static final TestModel MODEL = TestModel.random(new Random(61), 6, 7, 1, ElementType.FLOAT);
    private static final String ADVICE = "convert base and expert with the same tool and settings";

    /** The base's mask, the expert's, and what is said. */
    @ParameterizedTest
    @CsvSource({
        "-3.4028235E38, -10000, TENSOR_MISMATCH",
        "-3.4028235E38, -65504, TENSOR_MISMATCH",
        "-1E30, -1E9, TENSOR_MISMATCH",
        "-1E30, -0.5, TENSOR_MISMATCH",
        "-1E9, 1E-3, TENSOR_MISMATCH",
        "-Infinity, -10000, NON_FINITE",
        "-3.4028235E38, -Infinity, NON_FINITE",
        "-3.4028235E38, 3.4028235E38, NON_FINITE",
        "-10000, -Infinity, NON_FINITE",
        "-10000, -3.4028235E38, TOTAL_OVERFLOW",
    })
    void aMaskThatAConverterChangedIsRefusedAsOne(float ours, float theirs, RejectionCode code) throws Exception {
        RejectedException refusal = refusal(masked(MODEL, ours), masked(expert(), theirs));
        assertThat(refusal.code()).isEqualTo(code);
        assertThat(refusal).hasMessageContaining("mask").hasMessageContaining(ADVICE);
        if (code != RejectionCode.TOTAL_OVERFLOW) {
            assertThat(refusal)
                    .hasMessageContaining("is " + theirs + " at element 1")
                    .hasMessageContaining("the base is " + ours);
        }
    }

    /** What float32 keeps comes out as the expert has it. */
    @ParameterizedTest
    @CsvSource({
        "-Infinity, -Infinity",
        "-3.4028235E38, -3.4028235E38",
        "-3.4028235E38, -3.3895314E38",
        "-3.4028235E38, 0",
        "-65504, -10000",
        "-1E9, -10000",
        "-10000, -65504",
        "2000000, 1999999.5",
    })
    void whatKeepsItsValueIsMerged(float ours, float theirs) throws Exception {
        try (MergeLab lab = new MergeLab(masked(MODEL, ours), WHOLE)) {
            Path merged = lab.merge(List.of(new OfflineMerge.Expert(lab.write(masked(expert(), theirs)), 1)));
            float[] mask = MergeLab.weight(MergeLab.values(merged), "encoder.onnx/mask");
            if (Float.isInfinite(theirs)) {
                assertThat(mask[1]).isEqualTo(theirs);
            } else {
                assertThat((double) Math.abs(mask[1] - theirs)).isLessThanOrEqualTo(Math.abs(theirs) * 0.002);
            }
        }
    }

    /** An infinity among ordinary weights is no mask. */
    @Test
    void aTrainingThatDivergedIsCalledOne() throws Exception {
        float[] values = MODEL.tensor("gain").values().clone();
        values[1] = Float.NEGATIVE_INFINITY;
        assertThat(refusal(MODEL, MODEL.with("gain", values)))
                .hasMessageContaining("gain")
                .hasMessageContaining("diverged")
                .hasMessageNotContaining("mask");
    }

    private static TestModel expert() {
        return MODEL.tuned(new Random(62));
    }

    /** A mask with one constant in it, so that nothing else of it decides. */
    private static TestModel masked(TestModel model, float constant) {
        float[] mask = new float[model.tensor("mask").numel()];
        mask[1] = constant;
        return model.with("mask", mask);
    }

    /** At once and in the steps of the job: the same refusal. */
    private static RejectedException refusal(TestModel base, TestModel expert) throws Exception {
        try (MergeLab lab = new MergeLab(base, WHOLE)) {
            Path folder = lab.write(expert);
            RejectedException atOnce = catchThrowableOfType(
                    RejectedException.class, () -> lab.merge(List.of(new OfflineMerge.Expert(folder, 1))));
            assertThat(atOnce).isNotNull();
            RejectedException inSteps = catchThrowableOfType(RejectedException.class, () -> {
                try (RunningModel model = lab.open()) {
                    model.add(lab.prune(folder, 1));
                }
            });
            assertThat(atOnce).hasMessageEndingWith(inSteps.getMessage());
            return atOnce;
        }
    }
}
