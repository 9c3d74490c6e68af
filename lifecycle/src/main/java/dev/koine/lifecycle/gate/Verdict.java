package dev.koine.lifecycle.gate;

import java.util.List;

/**
 * What the gate says of a candidate.
 *
 * @param reasons what it does not hold, a sentence each; the worst first
 */
public record Verdict(List<String> reasons) {
    public Verdict {
        reasons = List.copyOf(reasons);
    }

    /** Whether the candidate holds the policy. */
    public boolean passed() {
        return reasons.isEmpty();
    }
}
