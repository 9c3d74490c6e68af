package dev.koine.engine.merge.weighed;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.WorkPool;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.statistics.LayerInput;
import dev.koine.engine.statistics.LayerInputs;
import dev.koine.engine.statistics.Statistics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Looks at statistics that come in: whether they are of a base, and have a matrix for each of its layers.
 */
public final class StatisticsCheck {
    private final List<LayerInput> inputs;
    private final String baseDigest;
    private final WorkPool pool;

    private StatisticsCheck(List<LayerInput> inputs, String baseDigest, WorkPool pool) {
        this.inputs = inputs;
        this.baseDigest = baseDigest;
        this.pool = pool;
    }

    /**
     * The check for a base.
     *
     * @param baseDigest of its bundle
     */
    public static StatisticsCheck of(ModelBundle base, String baseDigest, WorkPool pool) throws IOException {
        return new StatisticsCheck(LayerInputs.of(base), baseDigest, pool);
    }

    /** The refusal of an expert without statistics. */
    public static RejectedException missing() {
        return new RejectedException(
                RejectionCode.NO_STATISTICS,
                "There are no statistics of the language, and the recipe weighs experts by them. Make them with koine statistics on"
                        + " speech of that language, and give them with --statistics.");
    }

    /**
     * Reads all of a folder's statistics.
     *
     * @return what they say of themselves
     * @throws RejectedException STATISTICS_MISMATCH if they are of another base, or lack a layer; others as
     *     {@link Statistics#open} and {@link Statistics#gram}
     */
    public Statistics.About require(Path folder) throws RejectedException, IOException {
        try (Statistics statistics = Statistics.open(folder.resolve(Statistics.FILE))) {
            if (!statistics.about().base().equals(baseDigest)) {
                throw mismatch("were collected on the base "
                        + statistics.about().base() + ", and the model's is " + baseDigest);
            }
            List<WorkPool.Part<Boolean>> parts = new ArrayList<>();
            for (LayerInput input : inputs) {
                parts.add(() -> hasEnergy(statistics, input));
            }
            if (!inputs.isEmpty() && !pool.runAll(parts).contains(true)) {
                throw new RejectedException(
                        RejectionCode.NOT_SAFETENSORS,
                        "The statistics are zero in every layer: no expert can be weighed by them. Collect them with koine statistics on"
                                + " speech that is no silence.");
            }
            return statistics.about();
        }
    }

    private static boolean hasEnergy(Statistics statistics, LayerInput input) throws RejectedException, IOException {
        if (!statistics.has(input)) {
            throw mismatch("have no matrix for '" + Quote.of(input.key()) + "'");
        }
        return statistics.gram(input).mean() > 0;
    }

    private static RejectedException mismatch(String what) {
        return new RejectedException(
                RejectionCode.STATISTICS_MISMATCH,
                "The statistics " + what
                        + ". Collect them with koine statistics on the base that the model was registered with.");
    }
}
