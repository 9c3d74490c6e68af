package dev.koine.lifecycle.head;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.lifecycle.history.VersionRecords;
import dev.koine.lifecycle.state.Table;
import dev.koine.lifecycle.version.Line;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The versions of the current model that were announced: their records are in the store, and state says which record is whose. */
final class AnnouncedVersions {
    private final Table<Long, String> ids;
    private final VersionRecords records;

    /** @param ids of the records, by version */
    AnnouncedVersions(Table<Long, String> ids, VersionRecords records) {
        this.ids = ids;
        this.records = records;
    }

    /** Finds an older version. */
    interface Lookup {
        ModelUpdate find() throws RejectedException, IOException;
    }

    /** Notes that a version is announced. */
    void add(ModelUpdate update, String id) throws IOException {
        ids.put(update.getVersion(), id);
    }

    /**
     * Looks a version up that is to be gone back to. What is returned does not use state.
     *
     * @return throws a {@link RejectedException}, {@link RejectionCode#UNKNOWN_VERSION} or {@link RejectionCode#DUPLICATE}, where there is
     *     no going back to it
     */
    Lookup before(Line line, long version) throws IOException {
        @Nullable String id = ids.get(version);
        ModelUpdate newest = line.newest();
        return () -> {
            if (version == newest.getVersion()) {
                throw new RejectedException(
                        RejectionCode.DUPLICATE, "Version " + version + " is the newest already; nothing was changed.");
            }
            if (version == 0) {
                return line.first();
            }
            Optional<ModelUpdate> old = id == null ? Optional.empty() : records.get(newest.getModelId(), version, id);
            return old.orElseThrow(() -> unknown(version, newest));
        };
    }

    private static RejectedException unknown(long version, ModelUpdate newest) {
        return new RejectedException(
                RejectionCode.UNKNOWN_VERSION,
                version > newest.getVersion()
                        ? "There is no version " + version + " yet; the newest is " + newest.getVersion() + "."
                        : "Version " + version
                                + " is not kept any more, or was made before this job kept such records. Submit its experts"
                                + " again instead.");
    }
}
