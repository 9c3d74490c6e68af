package dev.koine.cli.topic;

import dev.koine.cli.console.Plain;
import dev.koine.schemas.ServiceFailure;
import dev.koine.schemas.ServiceReport;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/** Who serves what, since when, and what went wrong last. */
public final class ServicesTable {
    /** A service reports each minute. */
    private static final Duration SILENT_AFTER = Duration.ofMinutes(3);

    private final PrintWriter out;
    private final Instant now;

    /** @param now that silence is measured from */
    public ServicesTable(PrintWriter out, Instant now) {
        this.out = out;
        this.now = now;
    }

    /** Prints a line a service, and one for each of its failures; nothing where there is none. */
    public void print(List<ServiceReport> reports) {
        if (reports.isEmpty()) {
            return;
        }
        out.printf("%-20s %-20s %8s  %-20s %s%n", "service", "model", "version", "since", "");
        for (ServiceReport report : reports) {
            out.printf(
                    "%-20s %-20s %8s  %-20s %s%n",
                    Plain.of(report.getService()),
                    Plain.of(report.getModelId()),
                    report.getVersion() == null ? "none" : report.getVersion(),
                    report.getSince() == null ? "" : report.getSince().truncatedTo(ChronoUnit.SECONDS),
                    state(report));
            report.getFailures().forEach(this::print);
        }
    }

    private String state(ServiceReport report) {
        if (report.getEnded()) {
            return "ended " + report.getTime().truncatedTo(ChronoUnit.SECONDS);
        }
        Duration silence = Duration.between(report.getTime(), now);
        return silence.compareTo(SILENT_AFTER) > 0 ? "silent for " + silence.toMinutes() + " min" : "alive";
    }

    private void print(ServiceFailure failure) {
        out.printf(
                "    %s  %s%s%s: %s%n",
                failure.getTime().truncatedTo(ChronoUnit.SECONDS),
                failure.getKind().equals("REFUSED") ? "refused" : "trouble",
                failure.getVersion() == null ? "" : " version " + failure.getVersion(),
                failure.getTimes() == 1 ? "" : " (" + failure.getTimes() + " times)",
                Plain.of(failure.getReason()));
    }
}
