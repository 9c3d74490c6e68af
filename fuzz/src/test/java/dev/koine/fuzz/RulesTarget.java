package dev.koine.fuzz;

import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.prune.PrunePlan;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.events.Recipes;
import dev.koine.schemas.PolicyRule;
import dev.koine.schemas.Recipe;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Pruning rules of a registration, a pattern and a policy a line, matched against the weights of a model. */
public final class RulesTarget {
    private static final Alignment MODEL = model();

    private RulesTarget() {}

    public static void fuzzerTestOneInput(byte[] data) {
        List<PolicyRule> rules = new ArrayList<>();
        for (String line : new String(data, StandardCharsets.UTF_8).split("\n", -1)) {
            int tab = line.indexOf('\t');
            rules.add(new PolicyRule(
                    tab < 0 ? line : line.substring(0, tab), tab < 0 ? "FROZEN" : line.substring(tab + 1)));
        }
        try {
            Recipe recipe = Recipe.newBuilder().setRules(rules).build();
            PrunePlan.of(MODEL.weights(), Recipes.fromAvro(recipe));
        } catch (RejectedException refused) {
            EventTarget.requireMessage(refused);
        }
    }

    private static Alignment model() {
        try {
            Path folder = Work.folder("rules");
            Files.write(folder.resolve("model.onnx"), Models.inline(1));
            return Alignment.of(ModelBundle.open(folder), ModelBundle.open(folder));
        } catch (IOException | RejectedException e) {
            throw new IllegalStateException("The model is good.", e);
        }
    }
}
