package dev.koine.cli.status;

import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Tells of a job's failures as they come: a cause once, then how often it came again, each time that number has doubled. Of one time of
 * trouble only so many causes are told apart.
 */
public final class JobWatch {
    private static final int MOST_KINDS = 8;
    private static final String OTHER = "";

    private final PrintWriter out;
    private final Map<String, Kind> kinds = new HashMap<>();
    private Instant seen = Instant.MIN;
    private String last = OTHER;
    private boolean isRunning;

    /** How often a cause came since when. */
    private record Kind(Instant first, int times) {
        Kind again() {
            return new Kind(first, times + 1);
        }
    }

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
        } else if (!kinds.isEmpty() && health.isWell(now)) {
            kinds.clear();
            out.println("The merge job is RUNNING again.");
        }
    }

    private void tell(Failure failure) {
        seen = failure.at();
        String name = Cause.kind(failure.cause());
        if (!kinds.containsKey(name) && kinds.size() >= MOST_KINDS) {
            name = OTHER;
        }
        Kind kind = kinds.merge(name, new Kind(failure.at(), 1), (known, fresh) -> known.again());
        if (kind.times() == 1) {
            out.printf(
                    "%s  The merge job has failed and starts again: %s%n",
                    JobHealth.clock(failure.at()), failure.told());
        } else if (Integer.bitCount(kind.times()) == 1) {
            out.printf(
                    "%s  The merge job has failed %d times %s since %s%s%n",
                    JobHealth.clock(failure.at()),
                    kind.times(),
                    name.equals(OTHER) ? "for other causes" : "for the same cause",
                    JobHealth.clock(kind.first()),
                    name.equals(last) ? "." : ": " + failure.told());
        } else {
            return;
        }
        last = name;
    }
}
