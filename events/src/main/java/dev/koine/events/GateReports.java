package dev.koine.events;

import dev.koine.schemas.GateReport;
import dev.koine.schemas.YardstickScore;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is in the gate's reports on {@link dev.koine.schemas.ModelUpdate}s. */
public final class GateReports {
    private GateReports() {}

    /** What a version was held against beside its parent, score by score; nothing where it was not evaluated. */
    public static List<YardstickScore> yardsticks(@Nullable GateReport report) {
        return report == null
                ? List.of()
                : report.getScores().stream()
                        .flatMap(score -> score.getYardsticks().stream())
                        .toList();
    }
}
