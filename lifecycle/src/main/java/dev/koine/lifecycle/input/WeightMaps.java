package dev.koine.lifecycle.input;

import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.checkpoint.ExpertFolder;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.checkpoint.WeightMap;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The maps between bases and their checkpoints in the store. Each is an artifact under its digest; which one belongs to which base and checkpoint
 * says a record, {@code maps/<base>/<checkpoint>}, so that it is the map of the registration that counts, whatever a later release would find.
 */
public final class WeightMaps {
    private static final String FOLDER = "maps/";

    private final ArtifactStore store;

    public WeightMaps(ArtifactStore store) {
        this.store = store;
    }

    /**
     * Maps a base that comes in and keeps the map.
     *
     * @param checkpoint a folder with the checkpoint
     * @param baseDigest of the bundle of {@code base}
     * @param checkpointDigest of the checkpoint's
     * @throws RejectedException as {@link MappedBase#map}
     */
    public MappedBase make(ModelBundle base, String baseDigest, Path checkpoint, String checkpointDigest, WorkPool pool)
            throws RejectedException, IOException {
        MappedBase mapped = MappedBase.map(base, ExpertFolder.open(checkpoint), pool);
        String digest = store.put(
                file -> mapped.map().about(baseDigest, checkpointDigest).write(file));
        store.records().put(name(baseDigest, checkpointDigest), digest.getBytes(StandardCharsets.UTF_8));
        return mapped;
    }

    /** The digest of the map of a base that was taken in. */
    public String digest(String baseDigest, String checkpointDigest) throws IOException {
        String name = name(baseDigest, checkpointDigest);
        Optional<byte[]> digest = store.records().get(name);
        if (digest.isEmpty()) {
            throw new IOException("The store has lost its record " + name + ".");
        }
        return new String(digest.get(), StandardCharsets.UTF_8);
    }

    /**
     * A base that was taken in, with its checkpoint.
     *
     * @param base with {@code baseDigest}
     */
    public MappedBase open(ModelBundle base, String baseDigest, String checkpointDigest) throws IOException {
        WeightMap map = WeightMap.read(store.get(digest(baseDigest, checkpointDigest)));
        Path checkpoint = store.bundle(checkpointDigest);
        try {
            return MappedBase.of(base, ExpertFolder.open(checkpoint), map);
        } catch (RejectedException e) {
            throw new IOException("The store's copy of a checkpoint at " + checkpoint + " is damaged.", e);
        }
    }

    private static String name(String baseDigest, String checkpointDigest) {
        return FOLDER + Sha256.hexOf(baseDigest) + "/" + Sha256.hexOf(checkpointDigest);
    }
}
