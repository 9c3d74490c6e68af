package dev.koine.cli.card;

import dev.koine.cli.console.Plain;
import dev.koine.events.GateReports;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.Interval;
import dev.koine.schemas.LanguageScore;
import dev.koine.schemas.YardstickScore;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Where a version lies beside those that the gate holds it against, but for its parent. */
final class YardstickTexts {
    private YardstickTexts() {}

    /** Names of the yardsticks that a report has, in its order. */
    static List<String> names(GateReport report) {
        return GateReports.yardsticks(report).stream()
                .map(YardstickScore::getYardstick)
                .distinct()
                .toList();
    }

    /** {@code base +1.0 (+0.2 to +1.9)  best (version 3) +2.0 (...)}, for a terminal. */
    static String remark(LanguageScore score) {
        return score.getYardsticks().stream()
                .map(yardstick ->
                        name(yardstick.getYardstick()) + version(yardstick) + " " + moved(score, yardstick, 1))
                .collect(Collectors.joining("  "));
    }

    /** {@code 40.0 % (version 3), +2.0 (+0.5 to +3.5)}; for translation in BLEU; in Markdown. Empty without this yardstick. */
    static String cell(LanguageScore score, String name, boolean translates) {
        return score.getYardsticks().stream()
                .filter(yardstick -> yardstick.getYardstick().equals(name))
                .findFirst()
                .map(yardstick -> (translates
                                ? String.format(Locale.ROOT, "%.1f", 100 * (1 - yardstick.getError()))
                                : Rates.percent(yardstick.getError()))
                        + version(yardstick) + ", "
                        + (yardstick.getFailure() == null
                                ? moved(score, yardstick, translates ? -1 : 1)
                                : Markdown.text(moved(score, yardstick, 1))))
                .orElse("");
    }

    static String name(String yardstick) {
        return Plain.of(yardstick.toLowerCase(Locale.ROOT));
    }

    private static String version(YardstickScore yardstick) {
        return yardstick.getVersion() == 0 ? "" : " (version " + yardstick.getVersion() + ")";
    }

    /** @param sign -1 where more is better */
    private static String moved(LanguageScore score, YardstickScore yardstick, int sign) {
        @Nullable Double error = score.getAfter().getError();
        if (yardstick.getFailure() != null) {
            return "not compared: " + Plain.of(yardstick.getFailure());
        }
        if (error == null) {
            return "not compared";
        }
        @Nullable Interval growth = yardstick.getGrowth();
        String measured = Rates.points(sign * (error - yardstick.getError()));
        return growth == null
                ? measured
                : measured + " (" + Rates.points(sign > 0 ? growth : new Interval(-growth.getHigh(), -growth.getLow()))
                        + ")";
    }
}
