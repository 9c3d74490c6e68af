package dev.koine.cli.export;

import dev.koine.cli.option.StoreOption;
import dev.koine.cli.topic.Announced;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.checkpoint.ExpertFolder;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.checkpoint.WeightMap;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.DamagedException;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** An announced version, with what the job's store has of it: its base, the base's checkpoint, the map between them, and task vectors. */
public final class AnnouncedSource {
    private final ModelUpdate update;
    private final ArtifactStore store;

    private AnnouncedSource(ModelUpdate update, ArtifactStore store) {
        this.update = update;
        this.store = store;
    }

    /**
     * Opens the store that a version lies in.
     *
     * @param cache a folder for what is read from object storage
     */
    public static AnnouncedSource open(Announced.Found found, URI place, Path cache) throws IOException {
        StoreOption option = new StoreOption();
        option.place = place;
        return of(found.version(), option.open(cache));
    }

    /** A version in a store that is open. */
    public static AnnouncedSource of(ModelUpdate version, ArtifactStore store) {
        return new AnnouncedSource(version, store);
    }

    public ArtifactStore store() {
        return store;
    }

    /**
     * The base with its checkpoint.
     *
     * @throws RejectedException {@link RejectionCode#NO_CHECKPOINT} if the model was registered without
     */
    public MappedBase base() throws RejectedException, IOException {
        @Nullable String checkpoint = update.getCheckpointDigest();
        @Nullable String mapped = update.getWeightMapDigest();
        if (checkpoint == null || mapped == null) {
            throw new RejectedException(
                    RejectionCode.NO_CHECKPOINT,
                    "The model '" + update.getModelId()
                            + "' was registered without the checkpoint that its base was exported from, so its versions say nothing of a"
                            + " checkpoint's tensors. Name folders in place of it: --base and --checkpoint, and --merged with what"
                            + " koine export writes by itself.");
        }
        WeightMap map = WeightMap.read(store.get(mapped));
        return MappedBase.of(ModelBundle.open(sound(map.base())), ExpertFolder.open(sound(checkpoint)), map);
    }

    /** The version's own files. */
    public ModelBundle version() throws RejectedException, IOException {
        return ModelBundle.open(sound(update.getDigest()));
    }

    /**
     * The digest of an expert's task vector.
     *
     * @throws RejectedException {@link RejectionCode#NOT_MERGED} if it is not inside
     */
    public String taskVector(String expertId) throws RejectedException {
        return update.getExperts().stream()
                .filter(expert -> expert.getExpertId().equals(expertId))
                .findFirst()
                .map(MergedExpert::getTaskVectorDigest)
                .orElseThrow(() -> new RejectedException(
                        RejectionCode.NOT_MERGED,
                        "The expert '" + expertId + "' is not inside version " + update.getVersion() + " of '"
                                + update.getModelId() + "'; there are: "
                                + update.getExperts().stream()
                                        .map(MergedExpert::getExpertId)
                                        .collect(Collectors.joining(", "))
                                + "."));
    }

    private Path sound(String digest) throws RejectedException, IOException {
        Path folder = store.bundle(digest);
        String found = Bundle.describe(folder).digest();
        if (!found.equals(digest)) {
            throw new DamagedException("The store's copy at " + folder + " is damaged: its digest is " + found + ".");
        }
        return folder;
    }
}
