package dev.koine.follower;

import dev.koine.engine.Backoff;
import dev.koine.follower.Step.StepFailedException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * How long steps are taken again where they fail.
 *
 * @param within of each step, from its first try, without the time in which this process is paused
 * @param first pause between two tries; the next is twice as long, and so on
 * @param longest pause
 */
public record Patience(Duration within, Duration first, Duration longest) {
    /** @param within of each step, from its first try */
    public static Patience within(Duration within) {
        return new Patience(within, Duration.ofMillis(200), Duration.ofSeconds(5));
    }

    /**
     * Takes steps one after the other. What passes while this process is paused does not count: nobody has waited for the server in that time.
     *
     * @throws StepFailedException what the first said that did not work within its time
     */
    void take(List<Step> steps, Occasion occasion) throws StepFailedException, IOException, InterruptedException {
        take(steps, occasion, System::nanoTime);
    }

    void take(List<Step> steps, Occasion occasion, LongSupplier clock)
            throws StepFailedException, IOException, InterruptedException {
        for (Step step : steps) {
            try (AwakeTime time = AwakeTime.start(clock)) {
                take(step, occasion, time);
            }
        }
    }

    private void take(Step step, Occasion occasion, AwakeTime time)
            throws StepFailedException, IOException, InterruptedException {
        Backoff backoff = new Backoff(first, longest);
        Duration pause = backoff.next();
        while (true) {
            try {
                step.take(occasion);
                return;
            } catch (StepFailedException e) {
                if (time.passed().plus(pause).compareTo(within) > 0) {
                    throw e;
                }
            }
            Thread.sleep(pause.toMillis());
            pause = backoff.next();
        }
    }
}
