package dev.koine.sim.script;

import dev.koine.engine.RejectionCode;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelRegistration;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A record that a producer sends, and what the script knows of it.
 *
 * @param key of the record
 * @param value of the record; null for a tombstone
 * @param registration that the value is; null where it is none
 * @param expert event that the value is; null where it is none
 * @param signing how it is signed
 * @param refusals what it may be refused with for its content, whatever the model; empty if it is well
 * @param mayPass whether it may be taken all the same, as files may go away before they are read or after
 * @param place its files, if they may go away; null where they stay
 */
@SuppressWarnings("ArrayRecordComponent")
public record Planned(
        String key,
        byte @Nullable [] value,
        @Nullable ModelRegistration registration,
        @Nullable ExpertEvent expert,
        Signing signing,
        Set<RejectionCode> refusals,
        boolean mayPass,
        @Nullable Path place) {

    /** By whom a record is signed. */
    public enum Signing {
        TRUSTED,
        NOBODY,
        STRANGER
    }

    /** Whether the value is an event that some model gets. */
    public boolean isDecodable() {
        return registration != null || expert != null;
    }
}
