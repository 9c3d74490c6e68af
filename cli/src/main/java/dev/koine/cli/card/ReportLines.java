package dev.koine.cli.card;

import dev.koine.cli.console.Bar;
import dev.koine.cli.console.Plain;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.LanguageScore;
import dev.koine.schemas.Measures;
import dev.koine.schemas.ScaleTrial;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What an evaluation found, for a terminal. */
public final class ReportLines {
    private static final int BAR_CELLS = 20;

    private ReportLines() {}

    /** The mean before and after, and what the gate says, in one line. */
    public static String summary(GateReport report) {
        OptionalDouble before = Rates.mean(report.getScores(), LanguageScore::getBefore);
        OptionalDouble after = Rates.mean(report.getScores(), LanguageScore::getAfter);
        String verdict = report.getPassed() ? "gate passed" : "gate not passed";
        return "mean error " + (before.isPresent() ? Rates.percent(before.getAsDouble()) + " -> " : "")
                + (after.isPresent() ? Rates.percent(after.getAsDouble()) : "failed") + "  " + verdict + "  (made in "
                + Rates.seconds(report.getMergeMillis()) + ", evaluated in "
                + Rates.seconds(report.getEvaluationMillis()) + ")";
    }

    /**
     * A line a language and task: a bar that is full at an error of 100 %, the error, how far it has moved and, where that is known, what
     * that may be with other utterances.
     */
    public static List<String> bars(GateReport report) {
        List<String> lines = new ArrayList<>();
        boolean hasIntervals = report.getScores().stream().anyMatch(score -> score.getGrowth() != null);
        for (LanguageScore score : report.getScores()) {
            Measures after = score.getAfter();
            lines.add(String.format(
                            Locale.ROOT,
                            "%-8s %-10s %s %8s %6s  %s%s",
                            Plain.of(score.getLanguage()),
                            Plain.of(score.getTask().toLowerCase(Locale.ROOT)),
                            Bar.of(after.getError() == null ? Double.NaN : after.getError(), BAR_CELLS),
                            Rates.error(after),
                            moved(score.getBefore(), after),
                            hasIntervals ? String.format("%-15s  ", Rates.points(score.getGrowth())) : "",
                            after.getFailure() == null ? standing(score) : Plain.of(after.getFailure()))
                    .stripTrailing());
        }
        return lines;
    }

    /** The scales that were tried; empty where none were. */
    public static String trials(GateReport report) {
        return report.getScaleTrials().stream().map(ReportLines::trial).collect(Collectors.joining("  "));
    }

    private static String trial(ScaleTrial trial) {
        return Rates.number(trial.getScale()) + ": "
                + (trial.getError() == null ? "failed" : Rates.percent(trial.getError()));
    }

    private static String standing(LanguageScore score) {
        return score.getStanding().equals("OTHER")
                ? ""
                : Plain.of(score.getStanding().toLowerCase(Locale.ROOT));
    }

    private static String moved(@Nullable Measures before, Measures after) {
        return before == null || before.getError() == null || after.getError() == null
                ? ""
                : Rates.points(after.getError() - before.getError());
    }
}
