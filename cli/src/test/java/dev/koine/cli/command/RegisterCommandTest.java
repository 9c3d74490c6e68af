package dev.koine.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class RegisterCommandTest {
    @Test
    void leavesTheRecipeToTheJobWhereNoneIsSaid() throws Exception {
        assertThat(recipe()).isEmpty();
        assertThat(recipe("--wait", "0", "--sign-key", "key")).isEmpty();
    }

    /** Also where what is said is a default: it is said. */
    @ParameterizedTest
    @ValueSource(strings = {"--method=COMPACT", "--rank=32", "--scale=norm:0.4", "--precision=FLOAT16"})
    void oneOptionSaysAWholeRecipe(String option) throws Exception {
        assertThat(recipe(option)).contains(Recipe.DEFAULT);
    }

    @Test
    void anotherMethodIsTakenAsPublished() throws Exception {
        Recipe published = Recipe.PUBLISHED.with(Scale.parse("norm:0.4"));
        assertThat(recipe("--method=LORS")).contains(published);
        assertThat(recipe("--method=LORS", "--rank=7", "--density=0.2", "--precision=FLOAT32"))
                .contains(published);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--density=0.2", "--seed=0", "--slack=0"})
    void whatTheDefaultDoesNotTakeNeedsAMethod(String option) {
        assertThatThrownBy(() -> recipe(option))
                .isInstanceOf(RejectedException.class)
                .hasMessageContainingAll(option.split("=")[0], "COMPACT", "add --method ");
    }

    @Test
    void takesWhatIsSaid() throws Exception {
        assertThat(recipe("--scale", "0.2", "--policy", "**=DENSE").orElseThrow())
                .satisfies(said -> assertThat(said.scale()).isEqualTo(Scale.fixed(0.2)))
                .satisfies(said -> assertThat(said.rules()).hasSize(1));
        assertThat(recipe("--policy", "**=DENSE")).isPresent();
    }

    private static Optional<Recipe> recipe(String... options) throws Exception {
        RegisterCommand command = new RegisterCommand();
        new CommandLine(command)
                .parseArgs(Stream.concat(Stream.of(options), List.of("--model", "m", "folder").stream())
                        .toArray(String[]::new));
        return command.recipe.said();
    }
}
