package dev.koine.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What many histories came to. For use by one thread at a time. */
public final class Tally {
    private final List<History> bad = new ArrayList<>();
    private final Map<String, Integer> faults = new TreeMap<>();
    private int histories;
    private long steps;
    private long events;
    private long versions;

    void add(History history) {
        histories++;
        steps += history.steps();
        events += history.events();
        versions += history.versions();
        history.faults().forEach((fault, count) -> faults.merge(fault, count, Integer::sum));
        if (!history.isGood()) {
            bad.add(history);
        }
    }

    public int histories() {
        return histories;
    }

    /** Those in which a promise does not hold, in the order in which they ended. */
    public List<History> bad() {
        return bad;
    }

    @Override
    public String toString() {
        return histories + " histories, " + bad.size() + " of them bad: " + steps + " steps, " + events + " events, "
                + versions + " versions, faults " + faults;
    }
}
