package dev.koine.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.recipe.PolicyRule;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecipesTest {
    private static final Recipe RECIPE =
            new Recipe(5, 0.1, 0.3, Precision.FLOAT16, List.of(new PolicyRule("**/lm_head/*", Policy.FROZEN)));

    @Test
    void comesBackAsItWas() throws Exception {
        assertThat(Recipes.fromAvro(Recipes.toAvro(RECIPE))).isEqualTo(RECIPE);
        assertThat(Recipes.fromAvro(Recipes.toAvro(Recipe.PUBLISHED))).isEqualTo(Recipe.PUBLISHED);
        assertThat(Recipes.fromAvro(Recipes.toAvro(Recipe.DEFAULT))).isEqualTo(Recipe.DEFAULT);
    }

    @Test
    void whatIsLeftOutIsTheJobsDefaultAndWhatIsSaidStays() throws Exception {
        dev.koine.schemas.Recipe leftOut =
                dev.koine.schemas.Recipe.newBuilder().setMethod("DEFAULT").build();
        assertThat(Recipes.fromAvro(Recipes.settled(leftOut))).isEqualTo(Recipe.DEFAULT);
        dev.koine.schemas.Recipe empty = dev.koine.schemas.Recipe.newBuilder().build();
        assertThat(Recipes.fromAvro(Recipes.settled(empty))).isEqualTo(Recipe.PUBLISHED);
        assertThat(Recipes.settled(Recipes.toAvro(RECIPE))).isEqualTo(Recipes.toAvro(RECIPE));
        leftOut.setRank(5);
        assertThatThrownBy(() -> Recipes.settled(leftOut))
                .isInstanceOf(RejectedException.class)
                .hasMessageContainingAll("DEFAULT", "leave the recipe out");
    }

    @Test
    void refusesUnknownNamesAndSaysWhichThereAre() {
        dev.koine.schemas.Recipe precise = Recipes.toAvro(RECIPE);
        precise.setPrecision("FLOAT64");
        assertThatThrownBy(() -> Recipes.fromAvro(precise))
                .isInstanceOf(RejectedException.class)
                .hasMessage("The recipe's precision is 'FLOAT64'; it must be one of [FLOAT32, FLOAT16, INT8, INT4].");
        dev.koine.schemas.Recipe ruled = Recipes.toAvro(RECIPE);
        ruled.getRules().get(0).setPolicy("lors");
        assertThatThrownBy(() -> Recipes.fromAvro(ruled))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("policy is 'lors'");
    }

    @Test
    void refusesWhatIsOutOfRange() {
        dev.koine.schemas.Recipe recipe = Recipes.toAvro(RECIPE);
        recipe.setDensity(Double.NaN);
        assertThatThrownBy(() -> Recipes.fromAvro(recipe))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("density is NaN");
    }
}
