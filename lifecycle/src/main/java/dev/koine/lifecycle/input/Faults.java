package dev.koine.lifecycle.input;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a defect of ours that one input brings to light from stopping every model: the event is refused as
 * {@link RejectionCode#INTERNAL_ERROR}, with a stack trace in the log, where failing the job would only meet it again.
 */
public final class Faults {
    private static final Logger LOG = LoggerFactory.getLogger(Faults.class);

    private Faults() {}

    /** Work on untrusted input that has no effect but its result. */
    @FunctionalInterface
    public interface Analysis<T> {
        T run() throws RejectedException, IOException;
    }

    /**
     * Runs the analysis; a runtime exception in it, or recursion too deep for the stack, becomes a rejection.
     *
     * @param what the input, for the message
     */
    public static <T> T contain(String what, Analysis<T> analysis) throws RejectedException, IOException {
        try {
            return analysis.run();
        } catch (RuntimeException | StackOverflowError e) {
            LOG.error("Koine failed on {}", what, e);
            throw new RejectedException(
                    RejectionCode.INTERNAL_ERROR,
                    "Koine failed on " + what + " with " + e
                            + "; this is a defect in Koine. The job's log has the stack trace: please"
                            + " report it. The model is as it was.");
        }
    }
}
