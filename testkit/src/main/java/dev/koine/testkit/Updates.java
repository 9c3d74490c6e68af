package dev.koine.testkit;

import dev.koine.schemas.Bundle;
import dev.koine.schemas.Cause;
import dev.koine.schemas.Change;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.schemas.Recipe;
import java.time.Instant;
import java.util.List;

/** Versions as the merge job announces them, with as little in them as their schema allows. */
public final class Updates {
    private Updates() {}

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
