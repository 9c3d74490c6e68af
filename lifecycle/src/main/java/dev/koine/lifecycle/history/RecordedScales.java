package dev.koine.lifecycle.history;

import dev.koine.engine.merge.Scales;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The scales that a version was made with, whatever chose them then. */
public final class RecordedScales {
    private RecordedScales() {}

    /**
     * Reads them from its update and the store.
     *
     * @throws IOException if the store has lost them
     */
    public static Scales of(ModelUpdate version, ArtifactStore store) throws IOException {
        @Nullable String digest = version.getScalesDigest();
        if (digest != null) {
            return Scales.get(store, digest);
        }
        @Nullable Double scale = version.getScale();
        return Scales.fixed(scale == null ? version.getRecipe().getScale() : scale);
    }

    /** Keeps scales in the store where one number does not say it all; returns their digest, or null. */
    public static @Nullable String keep(Scales scales, ArtifactStore store) throws IOException {
        return scales.isUniform() ? null : scales.put(store);
    }
}
