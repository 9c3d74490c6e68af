package dev.koine.sim.script;

import java.util.OptionalInt;
import java.util.Set;

/**
 * What a made-up evaluation finds of a model: a pure function of its digest, such that gates refuse some candidates, and some answer NaN.
 *
 * @param bases digests of the models that are always well
 */
public record Judgement(Set<String> bases) {
    /** How many words an error is out of. */
    public static final int WORDS = 20;

    private static final int LEAST = 4;
    private static final int SPREAD = 5;
    private static final int FAILING = 17;
    private static final int BROKEN = 23;

    public Judgement {
        bases = Set.copyOf(bases);
    }

    /** Wrong words of {@link #WORDS} in a language; empty where the evaluation fails. */
    public OptionalInt errors(String digest, String language) {
        int hash = hash(digest + language);
        boolean fails = hash % FAILING == 0 && !bases.contains(digest);
        return fails ? OptionalInt.empty() : OptionalInt.of(LEAST + hash / FAILING % SPREAD);
    }

    /** Whether the model answers NaN to a finite input. */
    public boolean isBroken(String digest) {
        return hash(digest) % BROKEN == 0 && !bases.contains(digest);
    }

    private static int hash(String text) {
        int hash = text.hashCode() * 0x9E3779B1;
        return (hash ^ (hash >>> 15)) & Integer.MAX_VALUE;
    }
}
