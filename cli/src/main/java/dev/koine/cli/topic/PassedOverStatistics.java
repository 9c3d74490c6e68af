package dev.koine.cli.topic;

import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.method.MergeMethods;
import dev.koine.events.Outcome;
import dev.koine.schemas.ExpertEvent;
import java.util.Optional;

/** Statistics that an event brought to a model whose method weighs by none. */
final class PassedOverStatistics {
    private PassedOverStatistics() {}

    /** A sentence for whoever sent them; empty where there are none, and where they were made use of. */
    static Optional<String> sentence(ExpertEvent event, Outcome outcome) {
        if (event.getStatistics() == null || !(outcome instanceof Outcome.Updated updated)) {
            return Optional.empty();
        }
        String method = updated.update().getRecipe().getMethod();
        return isWeighed(method)
                ? Optional.empty()
                : Optional.of(
                        "The statistics were passed over: " + updated.update().getModelId() + " is merged by "
                                + method
                                + ", which weighs by none. For them to count, register the base under another model id with"
                                + " --method REGMEAN.");
    }

    /** What a later release may weigh by is not said to be passed over. */
    private static boolean isWeighed(String method) {
        try {
            return MergeMethods.of(method).isWeighed();
        } catch (RejectedException e) {
            return true;
        }
    }
}
