package dev.koine.e2e.services;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a service under calls says of itself, over all its starts. */
final class Calls implements Consumer<String> {
    private static final Pattern TICK = Pattern.compile("version (\\d+) answered (\\d+) failed (\\d+)");
    private static final Pattern SERVED = Pattern.compile("served (\\d+)");
    private static final Pattern REFUSED = Pattern.compile("refused (\\d+) (\\w+): .*");

    private final List<String> failures = new ArrayList<>();
    private final List<String> back = new ArrayList<>();
    private final List<String> refused = new ArrayList<>();
    private long answered;
    private long answeredBefore;
    private long version = -1;
    private long served = -1;

    @Override
    public synchronized void accept(String line) {
        Matcher tick = TICK.matcher(line);
        Matcher serves = SERVED.matcher(line);
        Matcher refusal = REFUSED.matcher(line);
        if (line.equals(ManagedProcess.STARTED)) {
            answeredBefore += answered;
            answered = 0;
            version = -1;
            served = -1;
        } else if (tick.matches()) {
            version = Long.parseLong(tick.group(1));
            answered = Long.parseLong(tick.group(2));
        } else if (serves.matches()) {
            long now = Long.parseLong(serves.group(1));
            if (now < served) {
                back.add(served + " to " + now);
            }
            served = now;
        } else if (refusal.matches()) {
            refused.add(refusal.group(1) + " " + refusal.group(2));
        } else if (line.startsWith("FAILED ")) {
            failures.add(line);
        }
    }

    /** That is called now; -1 before the first since the start. */
    synchronized long version() {
        return version;
    }

    synchronized long answered() {
        return answeredBefore + answered;
    }

    synchronized List<String> failures() {
        return List.copyOf(failures);
    }

    /** Versions that were swapped for older ones. */
    synchronized List<String> back() {
        return List.copyOf(back);
    }

    /** Numbers and codes. */
    synchronized List<String> refused() {
        return List.copyOf(refused);
    }
}
