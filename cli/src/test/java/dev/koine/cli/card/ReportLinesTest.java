package dev.koine.cli.card;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.cli.console.Bar;
import dev.koine.schemas.GateReport;
import org.junit.jupiter.api.Test;

class ReportLinesTest {
    @Test
    void aLineALanguageAndTask() {
        GateReport report = ModelCardTest.version().getGate();
        assertThat(ReportLines.bars(report))
                .containsExactly(
                        "de       transcribe ████████▎              41.0 %   -4.0                   inside",
                        "no       transcribe                        failed                          NaN logits",
                        "de       translate  █████████████▊         68.5 %  -11.5  -20.1 to +1.2    inside",
                        "mean                ███████████            54.8 %   -7.8  -15.0 to -0.5    inside");
        assertThat(ReportLines.trials(report)).isEqualTo("0.1: 50.0 %  0.9: failed");
        assertThat(ReportLines.summary(report))
                .isEqualTo("mean error failed  gate not passed  (made in 0.3 s, evaluated in 1.2 s)");
        report.setScores(report.getScores().subList(0, 1));
        assertThat(ReportLines.summary(report)).startsWith("mean error 45.0 % -> 41.0 %");
    }

    @Test
    void whatElseTheGateHoldsAVersionAgainstStandsAtTheEnd() {
        GateReport report = ModelCardTest.held().getGate();
        assertThat(ReportLines.bars(report))
                .containsExactly(
                        "de       transcribe ████████▎              41.0 %   -4.0                   inside  base -19.0 (-25.0 to -12.0)"
                                + "  best (version 2) +3.0 (+0.5 to +6.0)",
                        "no       transcribe                        failed                          NaN logits",
                        "de       translate  █████████████▊         68.5 %  -11.5  -20.1 to +1.2    inside  base -10.0",
                        "mean                ███████████            54.8 %   -7.8  -15.0 to -0.5    inside");
        report.getScores().get(0).getYardsticks().get(1).setFailure("The model is gone\n.");
        assertThat(ReportLines.bars(report).get(0)).endsWith("best (version 2) not compared: The model is gone?.");
    }

    @Test
    void whatComesFromOutsideDoesNotSteerTheTerminal() {
        GateReport report = ModelCardTest.version().getGate();
        report.getScores().get(1).setLanguage("\u001b[2J");
        report.getScores().get(1).setTask("\n");
        report.getScores().get(1).setStanding("\u202e");
        report.getScores().get(1).getAfter().setFailure("\r\n");
        assertThat(ReportLines.bars(report))
                .allMatch(line -> line.chars().noneMatch(c -> Character.isISOControl(c) || c == '\u202e'));
    }

    @Test
    void barsFillByEighths() {
        assertThat(Bar.of(0, 2)).isEqualTo("  ");
        assertThat(Bar.of(1 / 16.0, 2)).isEqualTo("▏ ");
        assertThat(Bar.of(0.5, 2)).isEqualTo("█ ");
        assertThat(Bar.of(15 / 16.0, 2)).isEqualTo("█▉");
        assertThat(Bar.of(1, 2)).isEqualTo("██");
        assertThat(Bar.of(3, 2)).isEqualTo("██");
        assertThat(Bar.of(-1, 2)).isEqualTo("  ");
        assertThat(Bar.of(Double.NaN, 2)).isEqualTo("  ");
    }
}
