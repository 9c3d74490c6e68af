package dev.koine.speech.quarantine;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a model answered to a finite input: how many of the numbers of each of its outputs are finite.
 *
 * @param outputs those that were asked for
 * @param unasked model files that no input could be made for, with the runtime's reason; they loaded
 */
public record Answers(List<Output> outputs, List<String> unasked) {
    public Answers {
        outputs = List.copyOf(outputs);
        unasked = List.copyOf(unasked);
    }

    /**
     * One output.
     *
     * @param file that has it, without {@code .onnx}
     * @param numbers how many floating-point numbers it answered
     * @param nans of them, those that are NaN
     * @param infinities of them, those that are infinite
     */
    public record Output(String file, String name, long numbers, long nans, long infinities) {
        long broken() {
            return nans + infinities;
        }

        /** Of the same output, asked once more. */
        Output plus(Output other) {
            return new Output(file, name, numbers + other.numbers, nans + other.nans, infinities + other.infinities);
        }

        private boolean isOf(Output other) {
            return file.equals(other.file) && name.equals(other.name);
        }
    }

    /** How many numbers are not finite. */
    public long broken() {
        return outputs.stream().mapToLong(Output::broken).sum();
    }

    /**
     * Checks that the model answers anything: a base, or a version that nothing is known to compare with. A model may mask some of what
     * it answers with infinities, or be undefined at places that no real speech reaches.
     *
     * @throws RejectedException {@link RejectionCode#NON_FINITE} if it has numbers to answer, and all of them are NaN
     */
    public void requireAny() throws RejectedException {
        long numbers = outputs.stream().mapToLong(Output::numbers).sum();
        long nans = outputs.stream().mapToLong(Output::nans).sum();
        if (numbers > 0 && nans == numbers) {
            throw new RejectedException(
                    RejectionCode.NON_FINITE,
                    "The model answers nothing but NaN to a finite input (" + numbers
                            + " numbers). Export a healthy checkpoint: load it with ONNX Runtime and look at what it"
                            + " answers before you send it.");
        }
    }

    /**
     * Checks that each output is finite, or was not for the base either.
     *
     * @param base what the base answers to the same input; null where that is not known
     * @throws RejectedException {@link RejectionCode#NON_FINITE} with the first output that is not
     */
    public void requireFinite(@Nullable Answers base) throws RejectedException {
        for (Output output : outputs) {
            long allowed =
                    base == null ? 0 : base.find(output).map(Output::broken).orElse(0L);
            if (output.broken() > 0 && allowed == 0) {
                throw new RejectedException(
                        RejectionCode.NON_FINITE,
                        "The merged model answers " + (output.nans() > 0 ? "NaN" : "infinity") + " in "
                                + output.broken() + " of the " + output.numbers() + " numbers of output '"
                                + output.name() + "' of " + output.file()
                                + ".onnx to a finite input, where the base answers finite ones. Take the expert with a"
                                + " lower weight: --weight 0.5 of koine submit, DIR@0.5 of koine merge.");
            }
        }
    }

    private Optional<Output> find(Output output) {
        return outputs.stream().filter(output::isOf).findFirst();
    }
}
