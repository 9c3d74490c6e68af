package dev.koine.follower;

import java.io.IOException;

/** One thing to do, once the link leads to a version: to tell a server, to see whether it answers. Done again where it failed. */
@FunctionalInterface
public interface Step {
    /**
     * @throws StepFailedException if it did not work, worth another try
     * @throws IOException if the folder cannot be used, which is no version's fault
     */
    void take(Occasion occasion) throws StepFailedException, IOException, InterruptedException;

    /** That a step did not work. */
    final class StepFailedException extends Exception {
        private static final long serialVersionUID = 1L;

        /** @param message what did not work, in a sentence */
        public StepFailedException(String message) {
            super(message);
        }
    }
}
