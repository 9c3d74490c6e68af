package dev.koine.lifecycle.gate;

/** What a language is to a candidate. */
public enum Standing {
    /** An expert that is inside before and after, or the policy, speaks for it: it must not suffer. */
    INSIDE,
    /** Only the expert that comes in does: it has to gain. */
    NEW,
    /** Nobody does: it is reported. */
    OTHER
}
