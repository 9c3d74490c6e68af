package dev.koine.cli.following;

import dev.koine.engine.RejectedException;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;

/** Where the base of a version is, and its checkpoint. */
@FunctionalInterface
interface BaseSource {
    /**
     * @throws RejectedException if the version has none
     * @throws IOException if it cannot be read now
     */
    MappedBase of(ModelUpdate update) throws RejectedException, IOException;
}
