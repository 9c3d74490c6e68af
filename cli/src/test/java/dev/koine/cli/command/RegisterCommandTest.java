package dev.koine.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

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
    @ValueSource(
            strings = {
                "--method=LORS",
                "--rank=7",
                "--density=0.2",
                "--scale=norm:0.4",
                "--seed=0",
                "--slack=0",
                "--precision=FLOAT32"
            })
    void oneOptionSaysAWholeRecipe(String option) throws Exception {
        assertThat(recipe(option)).contains(Recipe.DEFAULT);
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
