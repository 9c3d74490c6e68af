package dev.koine.beam.merge;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.method.MergeMethods;
import dev.koine.engine.merge.method.Parameters;
import dev.koine.engine.merge.recipe.PolicyRule;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A recipe as it travels to workers, in the words of the command line.
 *
 * @param scale as {@link Scale#parse} reads it
 * @param rules {@code GLOB=POLICY}; the first that matches decides
 */
public record RecipeText(
        String method,
        int rank,
        double density,
        long seed,
        double slack,
        String scale,
        String precision,
        List<String> rules)
        implements Serializable {
    public RecipeText {
        rules = List.copyOf(rules);
    }

    /** The words for a recipe. */
    public static RecipeText of(Recipe recipe) {
        Parameters parameters = recipe.parameters();
        return new RecipeText(
                recipe.method().name(),
                parameters.rank(),
                parameters.density(),
                parameters.seed(),
                parameters.slack(),
                recipe.scale().toString(),
                recipe.precision().name(),
                recipe.rules().stream()
                        .map(rule -> rule.pattern() + "=" + rule.policy())
                        .toList());
    }

    /**
     * The recipe.
     *
     * @throws RejectedException {@link RejectionCode#INVALID_EVENT} if a word of it is unknown, or a number is out of range
     */
    public Recipe recipe() throws RejectedException {
        List<PolicyRule> parsed = new ArrayList<>();
        for (String rule : rules) {
            int equals = rule.lastIndexOf('=');
            if (equals < 1) {
                throw new RejectedException(
                        RejectionCode.INVALID_EVENT,
                        "The recipe has the rule '" + rule + "'; write GLOB=POLICY, such as */embed*=FROZEN.");
            }
            parsed.add(new PolicyRule(
                    rule.substring(0, equals), constant(Policy.class, "policy", rule.substring(equals + 1))));
        }
        return new Recipe(
                        MergeMethods.of(method),
                        new Parameters(rank, density, seed, slack),
                        Scale.parse(scale),
                        constant(Precision.class, "precision", precision),
                        parsed)
                .validated();
    }

    private static <E extends Enum<E>> E constant(Class<E> type, String field, String name) throws RejectedException {
        return Arrays.stream(type.getEnumConstants())
                .filter(constant -> constant.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new RejectedException(
                        RejectionCode.INVALID_EVENT,
                        "The recipe's " + field + " is '" + name + "'; it must be one of "
                                + Arrays.toString(type.getEnumConstants()) + "."));
    }
}
