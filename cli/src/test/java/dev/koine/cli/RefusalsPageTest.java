package dev.koine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.RejectionCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The page on refusals has all of them. */
class RefusalsPageTest {
    private static final Path PAGE = Path.of("..", "docs", "refusals.md");

    @ParameterizedTest
    @EnumSource
    void everyCodeHasARow(RejectionCode code) throws Exception {
        List<String> rows = Files.readAllLines(PAGE).stream()
                .filter(line -> line.startsWith("| " + code + " |"))
                .toList();
        assertThat(rows).isNotEmpty().allMatch(row -> row.split("\\|").length == 5);
    }
}
