package dev.koine.cli.card;

import dev.koine.schemas.Cause;
import java.util.Locale;

/** What made a version, in a few words. */
public final class Changes {
    private Changes() {}

    /** {@code merged de r2}, {@code rolled back to 3}; not escaped. */
    public static String of(Cause cause) {
        String change = cause.getChange().name().toLowerCase(Locale.ROOT).replace('_', ' ');
        if (cause.getBackTo() != null) {
            return change + " to " + cause.getBackTo();
        }
        return cause.getExpertId() == null ? change : change + " " + cause.getExpertId() + " r" + cause.getRevision();
    }
}
