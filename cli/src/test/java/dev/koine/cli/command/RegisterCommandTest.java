package dev.koine.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.method.Parameters;
import dev.koine.engine.merge.method.RegMean;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.schemas.GatePolicy;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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
    @ValueSource(strings = {"--method=COMPACT", "--rank=32", "--scale=norm:0.2", "--precision=INT8"})
    void oneOptionSaysAWholeRecipe(String option) throws Exception {
        assertThat(recipe(option)).contains(Recipe.DEFAULT);
    }

    @Test
    void anotherMethodIsTakenAsPublished() throws Exception {
        Recipe published = Recipe.PUBLISHED.with(Scale.parse("norm:0.2"));
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

    @Test
    void versionsAreHeldAgainstWhatIsNamed() throws Exception {
        assertThat(policy("--gate=enforce").getAgainst()).isEmpty();
        GatePolicy both = policy("--against", "base,best", "--max-decline=0.03");
        assertThat(both.getAgainst()).containsExactly("BASE", "BEST");
        assertThat(both.getMaxDecline()).isEqualTo(0.03);
        assertThat(both).isEqualTo(policy("--against", "base", "--against", "best", "--max-decline=0.03"));
        assertThat(policy("--against", "best").getMaxDecline()).isEqualTo(0.05);
        assertThatThrownBy(() -> policy("--max-decline=0.03"))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("add --against base,best");
        assertThatThrownBy(() -> policy("--against", "parent"))
                .isInstanceOf(CommandLine.ParameterException.class)
                .hasMessageContaining("BASE, BEST");
    }

    private static GatePolicy policy(String... options) throws Exception {
        return Objects.requireNonNull(parsed(options).gate.policy());
    }

    @Test
    void whereALanguageIsProtectedTheMethodIsThatWhichWeighs(@TempDir Path statistics) throws Exception {
        String protect = "--protect=es=" + statistics;
        Recipe weighed = Recipe.standard(new RegMean());
        assertThat(recipe(protect)).contains(weighed);
        assertThat(recipe(protect, "--method=REGMEAN")).contains(weighed);
        assertThat(recipe(protect, "--rank=16"))
                .contains(weighed.with(own -> new Parameters(16, own.density(), own.seed(), own.slack())));
        assertThat(recipe(protect, "--scale=0.2")).contains(weighed.with(Scale.fixed(0.2)));
        assertThatThrownBy(() -> recipe(protect, "--method=COMPACT"))
                .isInstanceOf(CommandLine.ParameterException.class)
                .hasMessage(
                        "--protect is given, and COMPACT weighs by no statistics; leave --method out, and REGMEAN is taken.");
        assertThatThrownBy(() -> recipe(protect, "--density=0.2"))
                .isInstanceOf(RejectedException.class)
                .hasMessageContainingAll("--density", "REGMEAN", "; leave it out.");
    }

    @Test
    void aLanguageIsATag(@TempDir Path statistics) {
        assertThatThrownBy(() -> recipe("--protect=es_ES=" + statistics))
                .hasMessageContaining("'es_ES' is no BCP 47 tag; write it like de or pt-BR.");
    }

    @Test
    void aPolicyThatIsSaidTwiceIsRefused() {
        assertThatThrownBy(() -> recipe("--policy", "**=DENSE", "--policy", "**=LORS"))
                .isInstanceOf(CommandLine.ParameterException.class)
                .hasMessage("--policy '**=...' is given twice; leave one out.");
    }

    private static Optional<Recipe> recipe(String... options) throws Exception {
        return parsed(options).said();
    }

    private static RegisterCommand parsed(String... options) {
        RegisterCommand command = new RegisterCommand();
        new CommandLine(command)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .parseArgs(Stream.concat(Stream.of(options), List.of("--model", "m", "folder").stream())
                        .toArray(String[]::new));
        return command;
    }
}
