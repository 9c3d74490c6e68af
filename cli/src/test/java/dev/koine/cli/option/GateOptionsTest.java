package dev.koine.cli.option;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.testkit.Fixtures;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GateOptionsTest {
    private static final Path SPEECH = Fixtures.ctc("evaluation").resolve("ca");

    @Test
    void tellsWhereASetIsTooSmallToJudgeBy() throws Exception {
        assertThat(told(2, 0.05))
                .contains(
                        "Note: the gate has 2 utterances of ",
                        " words in ca, and a loss of less than about ",
                        " points");
        assertThat(told(50, 0.05)).isEmpty();
    }

    private static String told(int sample, double maxRegression) throws Exception {
        GateOptions options = new GateOptions();
        options.evaluationSets = Map.of(SPEECH, "");
        options.sample = sample;
        options.maxRegression = maxRegression;
        StringWriter err = new StringWriter();
        options.describe(null, new PrintWriter(new StringWriter()), new PrintWriter(err, true));
        return err.toString();
    }
}
