package dev.koine.lifecycle.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.testkit.Fixtures;
import dev.koine.testkit.TrainedForms;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The committed speech models, in the form that training leaves them in and as exports. */
class TrainedFormsTest {
    @TempDir
    Path directory;

    @Test
    void checkpointsOfCtcExpertsGiveTheVersionOfTheirExports() throws Exception {
        assertSameVersion(Fixtures.ctc("base"), Fixtures.ctc("ca"), Fixtures.ctc("de"));
    }

    @Test
    void checkpointsOfWhisperExpertsGiveTheVersionOfTheirExports() throws Exception {
        assertSameVersion(Fixtures.whisper("base"), Fixtures.whisper("ca"), Fixtures.whisper("de"));
    }

    private void assertSameVersion(Path base, Path first, Path second) throws Exception {
        Path checkpoint = TrainedForms.checkpoint(base, base, directory.resolve("base"));
        List<Path> trained = List.of(
                TrainedForms.checkpoint(base, first, directory.resolve("first")),
                TrainedForms.checkpoint(base, second, directory.resolve("second")));
        for (Recipe recipe : List.of(Recipe.PUBLISHED, Recipe.DEFAULT)) {
            assertThat(Fixtures.mergedOffline(directory, base, checkpoint, recipe, trained))
                    .isEqualTo(Fixtures.mergedOffline(directory, base, null, recipe, List.of(first, second)));
        }
    }
}
