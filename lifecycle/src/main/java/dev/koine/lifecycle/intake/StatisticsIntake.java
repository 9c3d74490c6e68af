package dev.koine.lifecycle.intake;

import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.merge.weighed.StatisticsCheck;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.Bundle;
import java.io.IOException;

/** Takes the statistics of a language in: checks the copy against the base that they are to weigh experts of. */
public final class StatisticsIntake {
    private final BundleIntake bundles;
    private final WorkPool pool;

    public StatisticsIntake(BundleIntake bundles, WorkPool pool) {
        this.bundles = bundles;
        this.pool = pool;
    }

    /**
     * Takes statistics in.
     *
     * @param baseDigest of the bundle of {@code base}
     * @return their bundle in the store
     * @throws RejectedException as {@link StatisticsCheck#require}, or if the bundle may not be read or is not what was announced
     */
    Bundle take(dev.koine.schemas.Bundle announced, ModelBundle base, String baseDigest)
            throws RejectedException, IOException {
        return bundles.take(announced, (copy, digest) -> StatisticsCheck.of(base, baseDigest, pool)
                .require(copy));
    }
}
