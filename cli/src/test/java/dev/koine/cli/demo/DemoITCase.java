package dev.koine.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.cli.CommandLineRun;
import dev.koine.cli.console.ExitCode;
import dev.koine.testkit.Fixtures;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** README's first command, with a look at its report. */
class DemoITCase {
    @TempDir
    Path directory;

    @Test
    void tellsWhatItSaw() throws Exception {
        Path file = directory.resolve("report.json");
        CommandLineRun run = CommandLineRun.koine(
                "demo",
                "--fixtures",
                Fixtures.CTC.toString(),
                "--dir",
                directory.resolve("work").toString(),
                "--report",
                file.toString());
        assertThat(run.code()).as(run.out() + run.err()).isEqualTo(ExitCode.OK);

        JsonNode report = new JsonMapper().readTree(file.toFile());
        List<JsonNode> versions = new ArrayList<>();
        report.get("versions").forEach(versions::add);
        assertThat(versions)
                .extracting(version -> version.get("version").asLong())
                .containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L);
        assertThat(versions.get(7).get("digest")).isEqualTo(versions.get(5).get("digest"));
        assertThat(versions.get(8).get("experts")).hasSize(5);
        assertThat(versions.get(9).get("experts")).hasSize(6);
        assertThat(rate(versions.get(9), "nl", "merged")).isLessThan(rate(versions.get(8), "nl", "merged"));
        assertThat(mean(versions.get(8), "merged")).isLessThan(mean(versions.get(0), "base"));
        assertThat(mean(versions.get(8), "expert")).isLessThan(mean(versions.get(8), "merged"));
        assertThat(report.get("rejections").findValuesAsText("code")).containsExactly("NON_FINITE", "GATE_REFUSED");
        JsonNode weighed = report.get("weighed").get("version");
        assertThat(weighed.get("version").asLong()).isEqualTo(5);
        assertThat(weighed.get("experts").toString()).isEqualTo("[\"ca\",\"de\",\"es\",\"fr\",\"it(protected)\"]");
        for (String language : List.of("de", "es", "fr")) {
            assertThat(rate(weighed, language, "merged")).as(language).isLessThan(rate(weighed, language, "base"));
        }
        assertThat(report.get("weighed").get("summed").get("it").asDouble())
                .as("the sum stays near the base")
                .isLessThan(rate(weighed, "it", "base") + 0.1);
        assertThat(mean(weighed, "merged")).isLessThan(mean(weighed, "base"));
        assertThat(report.get("service").get("failed").asLong()).isZero();
        assertThat(report.get("service").get("decoded").asLong()).isPositive();
    }

    private static double rate(JsonNode version, String language, String rate) {
        return version.get("errorRates").get(language).get(rate).asDouble();
    }

    private static double mean(JsonNode version, String rate) {
        return version.get("errorRates").findValuesAsText(rate).stream()
                .mapToDouble(Double::parseDouble)
                .average()
                .orElseThrow();
    }
}
