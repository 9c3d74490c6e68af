package dev.koine.cli.command;

import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.PolicyRule;
import dev.koine.engine.merge.Recipe;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** The merge recipe. The defaults are the published ones of LoRS-Merging. */
final class RecipeOptions {
    @Option(
            names = "--rank",
            description = "Rank of the low-rank part (default: ${DEFAULT-VALUE}).",
            defaultValue = "7")
    int rank;

    @Option(
            names = "--density",
            description = "Fraction of the residual that is kept (default: ${DEFAULT-VALUE}).",
            defaultValue = "0.2")
    double density;

    @Option(
            names = "--scale",
            description = "Factor of the summed task vectors (default: ${DEFAULT-VALUE}).",
            defaultValue = "0.2")
    double scale;

    @Option(
            names = "--precision",
            description = "Element type of task vectors: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).",
            defaultValue = "FLOAT32")
    Precision precision;

    @Option(
            names = "--policy",
            paramLabel = "GLOB=POLICY",
            description = {
                "Overrules the policy (LORS, SPARSE, DENSE, FROZEN) of weights whose position matches; the first match decides.",
                "koine inspect shows positions."
            })
    Map<String, Policy> policies = Map.of();

    Recipe recipe() throws RejectedException {
        List<PolicyRule> rules = policies.entrySet().stream()
                .map(entry -> new PolicyRule(entry.getKey(), entry.getValue()))
                .toList();
        return new Recipe(rank, density, scale, precision, rules).validated();
    }
}
