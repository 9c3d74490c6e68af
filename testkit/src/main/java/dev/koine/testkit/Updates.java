package dev.koine.testkit;

import dev.koine.engine.RejectedException;
import dev.koine.schemas.Bundle;
import dev.koine.schemas.BundleFile;
import dev.koine.schemas.Cause;
import dev.koine.schemas.Change;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.schemas.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/** Versions as the merge job announces them, with as little in them as their schema allows. */
public final class Updates {
    private Updates() {}

    /** A version without experts whose files lie in this directory. */
    public static ModelUpdate of(String modelId, long number, Path directory) throws IOException, RejectedException {
        dev.koine.engine.store.Bundle described = dev.koine.engine.store.Bundle.describe(directory);
        List<BundleFile> files = described.files().stream()
                .map(file -> new BundleFile(file.path(), file.size(), file.sha256()))
                .toList();
        return of(
                modelId, number, described.digest(), new Bundle(described.uri().toString(), files));
    }

    /**
     * A version without experts that an event at the offset of its number led to.
     *
     * @param digest of the bundle
     */
    public static ModelUpdate of(String modelId, long number, String digest, Bundle bundle) {
        return ModelUpdate.newBuilder()
                .setModelId(modelId)
                .setVersion(number)
                .setDigest(digest)
                .setBundle(bundle)
                .setExperts(List.of())
                .setRecipe(Recipe.newBuilder().build())
                .setCause(Cause.newBuilder()
                        .setChange(Change.MERGED)
                        .setPosition(new Position("koine.experts", 0, number, Instant.EPOCH))
                        .build())
                .setTime(Instant.EPOCH)
                .build();
    }
}
