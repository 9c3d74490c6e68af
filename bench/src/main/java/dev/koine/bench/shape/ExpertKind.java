package dev.koine.bench.shape;

import java.util.Locale;

/** How an expert differs from its base. */
public enum ExpertKind {
    /** A fine-tune of everything: every tensor differs, and matrices have a spectrum that decays and then is flat. */
    FULL,
    /** A merged adapter: query and value matrices of attention differ by a matrix of low rank, nothing else does. */
    LORA;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
