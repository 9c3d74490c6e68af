package dev.koine.beam.merge;

import dev.koine.engine.Input;
import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.OfflineMerge;
import dev.koine.engine.merge.prune.PrunePlan;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.AlignedWeight;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lays an expert over the base and cuts its pruning into tasks. */
final class PlanFn extends DoFn<KV<String, Iterable<MergeExpert>>, PlannedTask> {
    private static final Logger LOG = LoggerFactory.getLogger(PlanFn.class);
    private static final long serialVersionUID = 1L;
    private final MergeSettings settings;
    private transient ModelBundle base;
    private transient Recipe recipe;

    PlanFn(MergeSettings settings) {
        this.settings = settings;
    }

    @Setup
    public void open() throws RejectedException, IOException {
        recipe = settings.openRecipe();
        base = settings.openBase();
    }

    @ProcessElement
    public void plan(@Element KV<String, Iterable<MergeExpert>> named, OutputReceiver<PlannedTask> out)
            throws RejectedException, IOException {
        MergeExpert expert = only(named);
        Input input = Input.expert(expert.expert, expert.place);
        List<PruneTask> tasks = input.read(() -> tasks(expert, input));
        for (PruneTask task : tasks) {
            out.output(new PlannedTask(expert.expert, expert.place, expert.weight, tasks.size(), task));
        }
    }

    private List<PruneTask> tasks(MergeExpert expert, Input input) throws RejectedException, IOException {
        if (!Double.isFinite(expert.weight) || expert.weight == 0) {
            throw new RejectedException(
                    RejectionCode.INVALID_EVENT,
                    "Its weight is " + expert.weight + "; give a finite number other than 0.");
        }
        Path folder = Path.of(expert.place);
        if (!Files.isDirectory(folder)) {
            throw new RejectedException(
                    RejectionCode.MISSING_FILE,
                    "There is no such folder on this worker. Put the expert where every worker has it under this path.");
        }
        OfflineMerge.Expert member = new OfflineMerge.Expert(input, folder, expert.weight, null);
        List<AlignedWeight> weights = OfflineMerge.align(base, null, member, recipe, new Warnings()).weights().stream()
                .map(PlanFn::byItself)
                .toList();
        return PrunePlan.of(weights, recipe);
    }

    /** A slice of a total comes whole from one task, so each weight needs blocks of its own. */
    private static AlignedWeight byItself(AlignedWeight weight) {
        return new AlignedWeight(weight.base(), weight.expert());
    }

    private static MergeExpert only(KV<String, Iterable<MergeExpert>> named) throws RejectedException {
        Iterator<MergeExpert> experts = named.getValue().iterator();
        MergeExpert expert = experts.next();
        if (experts.hasNext()) {
            throw new RejectedException(
                    RejectionCode.INVALID_EVENT,
                    "Two experts are called '" + named.getKey() + "', at " + expert.place + " and at "
                            + experts.next().place + ". Give each a name of its own.");
        }
        return expert;
    }

    private static final class Warnings implements Progress {
        @Override
        public void report(String stage, long done, long total) {}

        @Override
        public void warn(String sentence) {
            LOG.warn("{}", sentence);
        }
    }
}
