package dev.koine.follower.triton;

import dev.koine.engine.tensor.RawTensor;
import dev.koine.follower.Step.StepFailedException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Whether Triton answers what the model answers here. Floating-point numbers may differ by a fiftieth of the largest of their tensor: another processor adds in
 * another order, and GPUs at less precision. All else is the same to the bit.
 */
final class Comparison {
    private static final double TOLERANCE = 0.02;

    private Comparison() {}

    /**
     * @param who asked, for messages
     * @throws StepFailedException at the first difference
     */
    static void require(String who, List<RawTensor> expected, List<RawTensor> answered) throws StepFailedException {
        Map<String, RawTensor> byName =
                answered.stream().collect(Collectors.toMap(RawTensor::name, Function.identity(), (a, b) -> b));
        for (RawTensor output : expected) {
            RawTensor other = byName.get(output.name());
            if (other == null) {
                throw new StepFailedException(who + " does not answer the output '" + output.name() + "'.");
            }
            if (other.type() != output.type() || !shape(other).equals(shape(output))) {
                throw new StepFailedException(who + " answers '" + output.name() + "' as " + other.type()
                        + other.shape() + ", where the model answers " + output.type() + output.shape() + ".");
            }
            if (output.isFloat()) {
                requireClose(who, output, other);
            } else if (!Arrays.equals(output.bytes(), other.bytes())) {
                throw new StepFailedException(who + " answers other values of '" + output.name() + "' than the model.");
            }
        }
    }

    /** A scalar comes as one number ({@link ModelConfiguration}). */
    private static List<Long> shape(RawTensor tensor) {
        return tensor.shape().isEmpty() ? List.of(1L) : tensor.shape();
    }

    private static void requireClose(String who, RawTensor expected, RawTensor answered) throws StepFailedException {
        double largest = 0;
        for (int i = 0; i < expected.numel(); i++) {
            double number = Math.abs(expected.number(i));
            largest = Double.isFinite(number) ? Math.max(largest, number) : largest;
        }
        for (int i = 0; i < expected.numel(); i++) {
            double wanted = expected.number(i);
            double got = answered.number(i);
            boolean isSame = Double.compare(wanted, got) == 0 || Math.abs(wanted - got) <= TOLERANCE * largest;
            if (!isSame) {
                throw new StepFailedException(String.format(
                        Locale.ROOT,
                        "%s answers %g as number %d of '%s', where the model answers %g.",
                        who,
                        got,
                        i,
                        expected.name(),
                        wanted));
            }
        }
    }
}
