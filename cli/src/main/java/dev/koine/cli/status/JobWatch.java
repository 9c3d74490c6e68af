package dev.koine.cli.status;

import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Tells of a job's failures as they come: a cause once, then how often it came again, each time that number has doubled. */
public final class JobWatch {
    private final PrintWriter out;
    private Instant seen = Instant.MIN;
    private @Nullable Failure first;
    private int alike;
    private boolean isRunning;

    public JobWatch(PrintWriter out) {
        this.out = out;
    }

    /** Looks at the job as it is now and tells what is new. */
    public void look(JobHealth health, Instant now) {
        List<Failure> oldestFirst = new ArrayList<>(health.failures());
        Collections.reverse(oldestFirst);
        oldestFirst.stream().filter(failure -> failure.at().isAfter(seen)).forEach(this::tell);
        if (!isRunning && health.state().equals("RUNNING") && health.failures().isEmpty()) {
            isRunning = true;
            out.println("The merge job is RUNNING.");
        } else if (first != null && health.isWell(now)) {
            first = null;
            out.println("The merge job is RUNNING again.");
        }
    }

    private void tell(Failure failure) {
        seen = failure.at();
        if (first == null || !failure.isLike(first)) {
            first = failure;
            alike = 1;
            out.printf(
                    "%s  The merge job has failed and starts again: %s%n",
                    JobHealth.clock(failure.at()), failure.told());
            return;
        }
        alike++;
        if (Integer.bitCount(alike) == 1) {
            out.printf(
                    "%s  The merge job has failed %d times for the same cause since %s.%n",
                    JobHealth.clock(failure.at()), alike, JobHealth.clock(first.at()));
        }
    }
}
