package dev.koine.cli.card;

import dev.koine.cli.console.Bar;
import dev.koine.cli.console.Plain;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.Interval;
import dev.koine.schemas.LanguageScore;
import dev.koine.schemas.Measures;
import dev.koine.schemas.ScaleTrial;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
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
     * A line a language and task, and one for the mean of those inside and of the new ones: a bar that is full at an error of 100 %, the
     * error, how far it has moved and, where that is known, what that may be with other utterances; then how far it lies from what else the
     * gate holds it against.
     */
    public static List<String> bars(GateReport report) {
        List<String> lines = new ArrayList<>();
        boolean hasIntervals = report.getScores().stream().anyMatch(score -> score.getGrowth() != null);
        for (LanguageScore score : report.getScores()) {
            Measures after = score.getAfter();
            lines.add(line(
                    Plain.of(score.getLanguage()),
                    Plain.of(score.getTask().toLowerCase(Locale.ROOT)),
                    after.getError(),
                    moved(score.getBefore(), after),
                    hasIntervals ? Rates.points(score.getGrowth()) : null,
                    after.getFailure() == null ? remark(score) : Plain.of(after.getFailure())));
        }
        mean(report, "INSIDE", hasIntervals, report.getGrowthInside()).ifPresent(lines::add);
        mean(report, "NEW", hasIntervals, report.getGrowthNew()).ifPresent(lines::add);
        return lines;
    }

    private static Optional<String> mean(
            GateReport report, String standing, boolean hasIntervals, @Nullable Interval growth) {
        List<LanguageScore> scores = report.getScores().stream()
                .filter(score -> score.getStanding().equals(standing) && isCompared(score))
                .toList();
        OptionalDouble before = Rates.mean(scores, LanguageScore::getBefore);
        OptionalDouble after = Rates.mean(scores, LanguageScore::getAfter);
        return before.isEmpty() || after.isEmpty()
                ? Optional.empty()
                : Optional.of(line(
                        "mean",
                        "",
                        after.getAsDouble(),
                        Rates.points(after.getAsDouble() - before.getAsDouble()),
                        hasIntervals ? Rates.points(growth) : null,
                        standing(standing)));
    }

    private static String line(
            String language,
            String task,
            @Nullable Double error,
            String moved,
            @Nullable String interval,
            String remark) {
        return String.format(
                        Locale.ROOT,
                        "%-8s %-10s %s %8s %6s  %s%s",
                        language,
                        task,
                        Bar.of(error == null ? Double.NaN : error, BAR_CELLS),
                        error == null ? "failed" : Rates.percent(error),
                        moved,
                        interval == null ? "" : String.format("%-15s  ", interval),
                        remark)
                .stripTrailing();
    }

    /** The scales that were tried; empty where none were. */
    public static String trials(GateReport report) {
        return report.getScaleTrials().stream().map(ReportLines::trial).collect(Collectors.joining("  "));
    }

    private static String trial(ScaleTrial trial) {
        return Rates.number(trial.getScale()) + ": "
                + (trial.getError() == null ? "failed" : Rates.percent(trial.getError()));
    }

    private static String remark(LanguageScore score) {
        String yardsticks = YardstickTexts.remark(score);
        return standing(score.getStanding()) + (yardsticks.isEmpty() ? "" : "  " + yardsticks);
    }

    private static String standing(String standing) {
        return standing.equals("OTHER") ? "" : Plain.of(standing.toLowerCase(Locale.ROOT));
    }

    private static String moved(@Nullable Measures before, Measures after) {
        return before == null || before.getError() == null || after.getError() == null
                ? ""
                : Rates.points(after.getError() - before.getError());
    }

    private static boolean isCompared(LanguageScore score) {
        return !moved(score.getBefore(), score.getAfter()).isEmpty();
    }
}
