package dev.koine.follower.triton;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.RawTensor;
import dev.koine.follower.Step.StepFailedException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ComparisonTest {
    private static final RawTensor TEN = Pairs.tensor("y", List.of(2L), 10);
    private static final RawTensor COUNTS = new RawTensor("n", ElementType.INT8, List.of(2L), new byte[] {1, 2});

    private static void refuses(RawTensor expected, RawTensor answered, String... words) {
        assertThatExceptionOfType(StepFailedException.class)
                .isThrownBy(() -> Comparison.require("Triton", List.of(expected), List.of(answered)))
                .withMessageContainingAll(words);
    }

    @Test
    void takesWhatAnotherProcessorAdds() {
        assertThatCode(() -> Comparison.require("Triton", List.of(TEN), List.of(Pairs.tensor("y", List.of(2L), 10.1f))))
                .doesNotThrowAnyException();
        assertThatCode(() -> Comparison.require(
                        "Triton",
                        List.of(Pairs.tensor("y", List.of(), Float.NaN)),
                        List.of(Pairs.tensor("y", List.of(1L), Float.NaN))))
                .doesNotThrowAnyException();
    }

    @Test
    void refusesOtherNumbersTypesAndShapes() {
        refuses(TEN, Pairs.tensor("y", List.of(2L), 10.3f), "10.3000 as number 0 of 'y'", "10.0000");
        refuses(TEN, Pairs.tensor("y", List.of(2L), Float.NaN), "NaN");
        refuses(TEN, Pairs.tensor("y", List.of(1L, 2L), 10), "[1, 2]", "[2]");
        refuses(TEN, Pairs.tensor("z", List.of(2L), 10), "does not answer the output 'y'");
        refuses(COUNTS, new RawTensor("n", ElementType.UINT8, List.of(2L), new byte[] {1, 2}), "UINT8");
        refuses(COUNTS, new RawTensor("n", ElementType.INT8, List.of(2L), new byte[] {1, 3}), "other values");
    }
}
