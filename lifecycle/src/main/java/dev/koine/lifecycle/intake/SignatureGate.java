package dev.koine.lifecycle.intake;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.events.signature.Role;
import dev.koine.events.signature.Statement;
import dev.koine.lifecycle.state.Table;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.Signature;
import java.io.IOException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Lets those events pass that somebody signed who may. Where signatures are required, an expert event also has to be newer than the last
 * one that the same key signed for the same expert of this model, lest an old retraction or rollback be sent again by somebody else.
 * Where they are not, only a signature that is there, by a trusted key, and wrong is refused.
 */
final class SignatureGate {
    private final Signatures signatures;
    private final Table<String, Long> newest;

    /** @param newest time of the newest event that was taken, by key and expert */
    SignatureGate(Signatures signatures, Table<String, Long> newest) {
        this.signatures = signatures;
        this.newest = newest;
    }

    void require(ModelRegistration event) throws RejectedException {
        if (isChecked(event.getSignature())) {
            signatures.trusted().require(event.getSignature(), Statement.of(event), Role.MODELS);
        }
    }

    void require(ExpertEvent event) throws RejectedException, IOException {
        if (!isChecked(event.getSignature())) {
            return;
        }
        signatures.trusted().require(event.getSignature(), Statement.of(event), Role.EXPERTS);
        if (signatures.required()) {
            @Nullable Long last = newest.get(slot(event));
            if (last != null && event.getTime().toEpochMilli() <= last) {
                throw new RejectedException(
                        RejectionCode.BAD_SIGNATURE,
                        "The event was signed at " + event.getTime() + ", and one signed at "
                                + Instant.ofEpochMilli(last) + " by the same key for the same expert was taken"
                                + " already: this may be an old event sent again, or the clock of the machine that signed"
                                + " the other was ahead. Sign it anew when it is later than that, or with another"
                                + " trusted key.");
            }
        }
    }

    /** Notes that an event was given its turn. */
    void taken(ExpertEvent event) throws RejectedException, IOException {
        if (signatures.required()) {
            newest.put(slot(event), event.getTime().toEpochMilli());
        }
    }

    private boolean isChecked(@Nullable Signature signature) {
        return signatures.required()
                || (signature != null && signatures.trusted().knows(signature.getKeyId()));
    }

    private static String slot(ExpertEvent event) {
        return event.getSignature().getKeyId() + "/" + event.getExpertId();
    }
}
