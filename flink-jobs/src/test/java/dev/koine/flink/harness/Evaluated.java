package dev.koine.flink.harness;

import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Bundles;
import dev.koine.lifecycle.gate.GatePolicies;
import dev.koine.schemas.CombineTerm;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.LanguageScore;
import dev.koine.schemas.ModelRegistration;
import dev.koine.testkit.Fixtures;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Registrations with a gate, and events for it. */
public final class Evaluated {
    private Evaluated() {}

    /** A registration of a model among the fixtures with the evaluation speech of some languages. */
    public static ModelRegistration registration(
            String modelId, String architecture, Recipe recipe, @Nullable GatePolicy policy, String... languages)
            throws IOException, RejectedException {
        Path fixtures = Fixtures.ROOT.resolve(architecture);
        ModelRegistration registration =
                KoineHarness.registration(modelId, Bundle.describe(fixtures.resolve("base")), recipe);
        List<dev.koine.schemas.Bundle> sets = new ArrayList<>();
        for (String language : languages) {
            sets.add(Bundles.toAvro(
                    Bundle.describe(fixtures.resolve("evaluation").resolve(language))));
        }
        registration.setEvaluationSets(sets);
        registration.setGate(policy);
        return registration;
    }

    /** The defaults, enforced, on a dozen utterances of each set, so that an evaluation takes a second. */
    public static GatePolicy.Builder enforcing() {
        return GatePolicies.defaults().setMode("ENFORCE").setSample(12);
    }

    public static ExpertEvent combination(String expertId, String language, CombineTerm... terms) {
        return ExpertEvent.newBuilder()
                .setAction(ExpertAction.MERGE)
                .setModelId("ctc")
                .setExpertId(expertId)
                .setLanguages(List.of(language))
                .setTasks(List.of("TRANSCRIBE"))
                .setCombine(List.of(terms))
                .setTime(Instant.now())
                .build();
    }

    public static LanguageScore score(GateReport report, String language, String task) {
        return report.getScores().stream()
                .filter(score ->
                        score.getLanguage().equals(language) && score.getTask().equals(task))
                .findFirst()
                .orElseThrow();
    }

    public static LanguageScore score(GateReport report, String language) {
        return score(report, language, "TRANSCRIBE");
    }
}
