package dev.koine.lifecycle.intake;

import dev.koine.engine.RejectedException;
import dev.koine.engine.checkpoint.ExpertFolder;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.merge.prune.Distance;
import dev.koine.engine.merge.prune.PrunePlan;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.prune.Unchanged;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.lifecycle.plan.BundlePlaces;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes an expert in: aligns the copy of its bundle to the base, and cuts the work into prune tasks. */
public final class ExpertIntake {
    private static final Logger LOG = LoggerFactory.getLogger(ExpertIntake.class);

    private final BundleIntake bundles;
    private final long taskElements;

    public ExpertIntake(BundleIntake bundles) {
        this(bundles, PrunePlan.TASK_ELEMENTS);
    }

    /** @param taskElements how many elements a prune task has at least, but for the last */
    public ExpertIntake(BundleIntake bundles, long taskElements) {
        this.bundles = bundles;
        this.taskElements = taskElements;
    }

    /**
     * What has to be pruned.
     *
     * @param bundleDigest digest of the expert's bundle
     * @param files the bundles in the store that the tasks' files belong to
     */
    record Plan(String bundleDigest, List<PruneTask> tasks, BundlePlaces files) {}

    /**
     * Plans the work on an expert.
     *
     * @param mapped the same base with its checkpoint; null if there is none
     * @param baseDigest of the bundle of {@code base}
     */
    Plan plan(
            dev.koine.schemas.Bundle announced,
            ModelBundle base,
            @Nullable MappedBase mapped,
            String baseDigest,
            Recipe recipe)
            throws RejectedException, IOException {
        List<Plan> planned = new ArrayList<>();
        bundles.take(announced, (copy, digest) -> {
            ExpertFolder folder = ExpertFolder.open(copy);
            Alignment aligned = folder.align(base, mapped);
            folder.taken().ifPresent(note -> LOG.info("The expert at {}: {}", announced.getUri(), note));
            Unchanged.refuse(aligned, recipe);
            Distance.warning(aligned, recipe)
                    .ifPresent(warning -> LOG.warn("The expert at {}: {}", announced.getUri(), warning));
            List<PruneTask> tasks = PrunePlan.of(aligned.weights(), recipe, taskElements);
            BundlePlaces files = new BundlePlaces(Map.of(base.directory(), baseDigest, copy, digest));
            planned.add(new Plan(digest, tasks, files));
        });
        return planned.get(0);
    }
}
