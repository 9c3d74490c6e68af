package dev.koine.lifecycle.intake;

import dev.koine.events.signature.TrustedKeys;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * Whose events the job takes, and with what it signs its own.
 *
 * @param required whether events without a signature are refused
 * @param trusted who may sign
 * @param signingKey path of the job's key on each TaskManager; null not to sign. The key itself is in no configuration
 */
public record Signatures(
        boolean required, TrustedKeys trusted, @Nullable String signingKey) implements Serializable {
    /** Takes what comes and signs nothing. */
    public static final Signatures OFF = new Signatures(false, TrustedKeys.NONE, null);
}
