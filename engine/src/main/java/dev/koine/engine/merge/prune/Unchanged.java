package dev.koine.engine.merge.prune;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.align.AlignedWeight;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.ElementReader;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.Factors;
import dev.koine.engine.tensor.FloatEncoding;
import dev.koine.engine.tensor.Run;
import dev.koine.engine.tensor.TensorReader;
import dev.koine.engine.tensor.Values;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Experts whose task vector would be empty, since no weight that the recipe merges differs from the base's. Nobody wants one inside: it would
 * change the model all the same where a scale counts experts or measures them. Mostly it is an export of the base by mistake.
 *
 * <p>Only what comes in is refused. A combination of experts inside may well cancel out: whoever gives its factors has asked for that.
 */
public final class Unchanged {
    private Unchanged() {}

    /**
     * Looks for the first weight that differs, and no further.
     *
     * @throws RejectedException {@link RejectionCode#UNCHANGED} if there is none, or the recipe freezes all that do
     */
    public static void refuse(Alignment expert, Recipe recipe) throws RejectedException, IOException {
        @Nullable Weight frozen = null;
        for (AlignedWeight aligned : expert.weights()) {
            List<Weight> weights = aligned.base();
            boolean isMerged = weights.stream().anyMatch(weight -> recipe.policyOf(weight) != Policy.FROZEN);
            if ((isMerged || frozen == null) && differs(aligned)) {
                if (isMerged) {
                    return;
                }
                frozen = weights.get(0);
            }
        }
        throw new RejectedException(RejectionCode.UNCHANGED, frozen == null ? equal(expert) : onlyFrozen(frozen));
    }

    private static String equal(Alignment expert) {
        int weights = expert.weights().stream()
                .mapToInt(aligned -> aligned.base().size())
                .sum();
        return "The expert's weights are the base's, every one of " + weights
                + ": what was fine-tuned did not get into the export. Load the fine-tuned checkpoint, merge its adapter into it if it"
                + " has one (PEFT: merge_and_unload), and export that.";
    }

    private static String onlyFrozen(Weight frozen) {
        return "The expert differs from the base only in weights that the recipe freezes, such as "
                + frozen.tensor().name() + " at " + frozen.position()
                + ": nothing of it would be merged. Use a recipe whose rules do not freeze what was fine-tuned.";
    }

    /** Zero is zero, whatever its sign. */
    private static boolean differs(AlignedWeight aligned) throws RejectedException, IOException {
        if (aligned.expert() instanceof Values values) {
            return differs(aligned, values);
        }
        return aligned.expert() instanceof Factors factors && FactoredDelta.read(factors) != null;
    }

    private static boolean differs(AlignedWeight aligned, Values values) throws IOException {
        try (TensorReader base = TensorReader.open(aligned.base().get(0).tensor());
                ElementReader expert = ElementReader.open(values)) {
            float[] ours = new float[(int) Math.min(values.run(), base.numel())];
            float[] theirs = new float[ours.length];
            ElementType type = aligned.base().get(0).tensor().type();
            boolean isRounded = !values.fitsInto(type);
            for (Run chunk : Run.cut(base.numel(), values.run())) {
                base.read(chunk.from(), ours, 0, chunk.count());
                expert.read(chunk.from(), theirs, 0, chunk.count());
                if (isRounded) {
                    FloatEncoding.round(type, theirs, chunk.count());
                }
                for (int i = 0; i < chunk.count(); i++) {
                    if (ours[i] != theirs[i]) {
                        return true;
                    }
                }
            }
            return false;
        }
    }
}
