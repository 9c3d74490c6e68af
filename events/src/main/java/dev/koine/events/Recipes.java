package dev.koine.events;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.method.MergeMethods;
import dev.koine.engine.merge.method.Parameters;
import dev.koine.engine.merge.recipe.PolicyRule;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.merge.recipe.Scaling;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Recipes in events and in the engine. */
public final class Recipes {
    /** The method of a recipe that its producer has left out: the default of the field in the schema. */
    private static final String LEFT_OUT = "DEFAULT";

    private Recipes() {}

    /**
     * The recipe that a registration is taken with: its own, or {@link Recipe#DEFAULT} where it has none.
     *
     * @throws RejectedException {@link RejectionCode#INVALID_EVENT} if it has none, and says something of it
     */
    public static dev.koine.schemas.Recipe settled(dev.koine.schemas.Recipe recipe) throws RejectedException {
        if (!recipe.getMethod().equals(LEFT_OUT)) {
            return recipe;
        }
        dev.koine.schemas.Recipe nothingSaid =
                dev.koine.schemas.Recipe.newBuilder().setMethod(LEFT_OUT).build();
        if (!recipe.equals(nothingSaid)) {
            throw new RejectedException(
                    RejectionCode.INVALID_EVENT,
                    "The recipe's method is DEFAULT, which leaves the whole recipe to the job, and other fields of it are"
                            + " set. Name the method, such as LORS, or leave the recipe out.");
        }
        return toAvro(Recipe.DEFAULT);
    }

    /**
     * The engine's form of a recipe in an event.
     *
     * @throws RejectedException {@link RejectionCode#INVALID_EVENT} if a setting is out of range or unknown
     */
    public static Recipe fromAvro(dev.koine.schemas.Recipe recipe) throws RejectedException {
        List<PolicyRule> rules = new ArrayList<>();
        for (dev.koine.schemas.PolicyRule rule : recipe.getRules()) {
            rules.add(new PolicyRule(rule.getPattern(), constant(Policy.class, "policy", rule.getPolicy())));
        }
        Precision precision = constant(Precision.class, "precision", recipe.getPrecision());
        Scaling scaling = constant(Scaling.class, "scaling", recipe.getScaling());
        double factor = scaling == Scaling.SEARCH ? 1 : recipe.getScale();
        @Nullable Double limit = recipe.getScaleLimit();
        return new Recipe(
                        MergeMethods.of(recipe.getMethod()),
                        new Parameters(recipe.getRank(), recipe.getDensity(), recipe.getSeed(), recipe.getSlack()),
                        new Scale(scaling, factor, recipe.getScaleGrid(), limit == null ? Scale.NO_LIMIT : limit),
                        precision,
                        rules)
                .validated();
    }

    /** The form for events. */
    public static dev.koine.schemas.Recipe toAvro(Recipe recipe) {
        double limit = recipe.scale().limit();
        return dev.koine.schemas.Recipe.newBuilder()
                .setRank(recipe.parameters().rank())
                .setDensity(recipe.parameters().density())
                .setScale(recipe.scale().factor())
                .setPrecision(recipe.precision().name())
                .setRules(recipe.rules().stream()
                        .map(rule -> new dev.koine.schemas.PolicyRule(
                                rule.pattern(), rule.policy().name()))
                        .toList())
                .setMethod(recipe.method().name())
                .setScaling(recipe.scale().scaling().name())
                .setScaleGrid(recipe.scale().grid())
                .setScaleLimit(limit == Scale.NO_LIMIT ? null : limit)
                .setSeed(recipe.parameters().seed())
                .setSlack(recipe.parameters().slack())
                .build();
    }

    private static <E extends Enum<E>> E constant(Class<E> type, String field, String name) throws RejectedException {
        for (E constant : type.getEnumConstants()) {
            if (constant.name().equals(name)) {
                return constant;
            }
        }
        throw new RejectedException(
                RejectionCode.INVALID_EVENT,
                "The recipe's " + field + " is '" + name + "'; it must be one of "
                        + Arrays.toString(type.getEnumConstants()) + ".");
    }
}
