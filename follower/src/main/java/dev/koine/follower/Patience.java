package dev.koine.follower;

import dev.koine.engine.Backoff;
import dev.koine.follower.Step.StepFailedException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * How long steps are taken again where they fail.
 *
 * @param within of each step, from its first try
 * @param first pause between two tries; the next is twice as long, and so on
 * @param longest pause
 */
public record Patience(Duration within, Duration first, Duration longest) {
    /** @param within of each step, from its first try */
    public static Patience within(Duration within) {
        return new Patience(within, Duration.ofMillis(200), Duration.ofSeconds(5));
    }

    /**
     * Takes steps one after the other.
     *
     * @throws StepFailedException what the first said that did not work within its time
     */
    void take(List<Step> steps, Occasion occasion) throws StepFailedException, IOException, InterruptedException {
        for (Step step : steps) {
            take(step, occasion);
        }
    }

    private void take(Step step, Occasion occasion) throws StepFailedException, IOException, InterruptedException {
        long deadline = System.nanoTime() + within.toNanos();
        Backoff backoff = new Backoff(first, longest);
        Duration pause = backoff.next();
        while (true) {
            try {
                step.take(occasion);
                return;
            } catch (StepFailedException e) {
                if (System.nanoTime() + pause.toNanos() > deadline) {
                    throw e;
                }
            }
            Thread.sleep(pause.toMillis());
            pause = backoff.next();
        }
    }
}
