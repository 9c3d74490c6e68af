package dev.koine.subscriber;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import java.util.EnumSet;
import java.util.Set;

/** That a version's files are not at their place as its announcement lists them: the version is refused, but the store may give them yet. */
final class NotAsListedException extends RejectedException {
    private static final long serialVersionUID = 1L;
    private static final Set<RejectionCode> CODES =
            EnumSet.of(RejectionCode.MISSING_FILE, RejectionCode.SIZE_MISMATCH, RejectionCode.DIGEST_MISMATCH);

    private NotAsListedException(RejectedException refusal) {
        super(
                refusal.code(),
                refusal.getMessage()
                        + " It is looked at again, with pauses of up to ten minutes, until it is right or a newer version serves.");
        initCause(refusal);
    }

    /** What a refusal of files that were fetched means: this, unless other bytes would not help. */
    static RejectedException of(RejectedException refusal) {
        return CODES.contains(refusal.code()) ? new NotAsListedException(refusal) : refusal;
    }
}
