package dev.koine.engine.export;

import dev.koine.engine.RejectedException;
import java.io.IOException;

/** Carries a refusal through what writes bytes. */
final class RefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final RejectedException refusal;

    RefusedException(RejectedException refusal) {
        super(refusal);
        this.refusal = refusal;
    }

    RejectedException refusal() {
        return refusal;
    }
}
