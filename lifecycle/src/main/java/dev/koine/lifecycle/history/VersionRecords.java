package dev.koine.lifecycle.history;

import dev.koine.engine.store.Sha256;
import dev.koine.engine.store.StoreRecords;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.UndecodableException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The versions of every model in the store, each as its update: {@code versions/<model>/<version>/<what the version is>}. A version is
 * recorded before it is announced. After a crash the same version is made again, usually with the same content; where it comes out
 * otherwise (an expert's files have gone meanwhile), both records stay, and the job's state says which one was announced.
 */
public final class VersionRecords {
    private static final String FOLDER = "versions";
    private static final int ID_DIGITS = 16;
    private static final Pattern NAME = Pattern.compile(FOLDER + "/.+/\\d{1,18}/[0-9a-f]{" + ID_DIGITS + "}");
    private static final EventCodec<ModelUpdate> UPDATES = EventCodec.of(ModelUpdate.class);

    private final StoreRecords records;

    public VersionRecords(StoreRecords records) {
        this.records = records;
    }

    /**
     * A version in the store.
     *
     * @param name of the record
     */
    public record Recorded(String name, ModelUpdate update) {}

    /** Keeps a version; returns its id, by which the job finds it again. */
    public String put(ModelUpdate update) throws IOException {
        String id = id(update);
        records.put(name(update.getModelId(), update.getVersion(), id), UPDATES.encode(update));
        return id;
    }

    /** A version; empty if the store does not keep it any more. */
    public Optional<ModelUpdate> get(String modelId, long version, String id) throws IOException {
        String name = name(modelId, version, id);
        Optional<byte[]> found = records.get(name);
        return found.isEmpty() ? Optional.empty() : Optional.of(decode(name, found.get()));
    }

    /** All versions of all models, in no order; what lies there under another kind of name is no record, but what a killed server left. */
    public List<Recorded> all() throws IOException {
        List<Recorded> all = new ArrayList<>();
        for (String name : records.list(FOLDER)) {
            Optional<byte[]> found = NAME.matcher(name).matches() ? records.get(name) : Optional.empty();
            if (found.isPresent()) {
                all.add(new Recorded(name, decode(name, found.get())));
            }
        }
        return all;
    }

    void delete(Recorded version) throws IOException {
        records.delete(version.name());
    }

    private static ModelUpdate decode(String name, byte[] content) throws IOException {
        try {
            return UPDATES.decode(content);
        } catch (UndecodableException e) {
            throw new IOException("The store's record " + name + " is damaged: " + e.getMessage(), e);
        }
    }

    private static String id(ModelUpdate update) {
        ModelUpdate timeless = ModelUpdate.newBuilder(update)
                .setTime(Instant.EPOCH)
                .setSignature(null)
                .build();
        if (timeless.getGate() != null) {
            timeless.getGate().setEvaluationMillis(0);
            timeless.getGate().setMergeMillis(0);
        }
        return Sha256.of(UPDATES.encode(timeless)).substring(0, ID_DIGITS);
    }

    private static String name(String modelId, long version, String id) {
        return FOLDER + "/" + modelId + "/" + version + "/" + id;
    }
}
