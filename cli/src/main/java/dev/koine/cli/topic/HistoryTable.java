package dev.koine.cli.topic;

import dev.koine.cli.card.Changes;
import dev.koine.cli.card.ReportLines;
import dev.koine.cli.card.UpdateShares;
import dev.koine.cli.console.Counted;
import dev.koine.cli.console.Plain;
import dev.koine.events.MergedExperts;
import dev.koine.events.Outcome;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.schemas.Rejection;
import java.io.PrintWriter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The versions of a model and what was refused, for a terminal, with what the gate found where there is one, or for programs. */
public final class HistoryTable {
    private static final String INDENT = " ".repeat(9);
    private static final String PREFIX = "sha256:";
    private static final int DIGITS = 12;
    private static final int MOST_OF_NOBODY = 20;

    private final PrintWriter out;
    private final boolean hasBars;

    public HistoryTable(PrintWriter out, boolean hasBars) {
        this.out = out;
        this.hasBars = hasBars;
    }

    public void print(List<ModelUpdate> versions, List<Rejection> rejections) {
        out.printf("%-8s %-20s %-24s %-14s %s%n", "version", "time", "change", "digest", "experts inside");
        for (ModelUpdate version : versions) {
            out.printf(
                    "%-8d %-20s %-24s %-14s %s%n",
                    version.getVersion(),
                    version.getTime().truncatedTo(ChronoUnit.SECONDS),
                    Plain.of(Changes.of(version.getCause())),
                    shortened(version.getDigest()),
                    inside(version));
            report(version.getGate(), version.getScale());
            share(version);
        }
        for (Rejection rejection : rejections) {
            out.printf(
                    "refused  %-20s %s %s: %s%n",
                    rejection.getTime().truncatedTo(ChronoUnit.SECONDS),
                    rejection.getExpertId() == null ? "" : Plain.of(rejection.getExpertId()),
                    Plain.of(rejection.getCode()),
                    Plain.of(rejection.getMessage()));
            report(rejection.getGate(), null);
        }
    }

    /**
     * A line of JSON for each record, in the order of the outcomes.
     *
     * @param modelId null for all, those that name no model among them
     */
    public void json(List<Outcome> outcomes, @Nullable String modelId) {
        List<Outcome> inOrder = outcomes.stream()
                .sorted(Comparator.comparing(outcome -> outcome.event().getTimestamp()))
                .toList();
        for (Outcome outcome : inOrder) {
            if (modelId == null || modelId.equals(modelOf(outcome))) {
                out.println(
                        outcome instanceof Outcome.Updated updated
                                ? updated.update()
                                : ((Outcome.Rejected) outcome).rejection());
            }
        }
    }

    /** Which models there are, and the newest refusals of events that name none. */
    public void overview(List<Outcome> outcomes) {
        SortedMap<String, List<Outcome>> models = new TreeMap<>();
        List<Rejection> nobodys = new ArrayList<>();
        for (Outcome outcome : outcomes) {
            String model = modelOf(outcome);
            if (model != null) {
                models.computeIfAbsent(model, name -> new ArrayList<>()).add(outcome);
            } else if (outcome instanceof Outcome.Rejected rejected) {
                nobodys.add(rejected.rejection());
            }
        }
        models.forEach((model, became) -> {
            long versions =
                    became.stream().filter(Outcome.Updated.class::isInstance).count();
            out.printf(
                    "%-24s %s, %d refused%n",
                    Plain.of(model), Counted.of(versions, "version"), became.size() - versions);
        });
        if (!nobodys.isEmpty()) {
            out.printf("%d refused that name no model; the newest:%n", nobodys.size());
        } else if (models.isEmpty()) {
            out.println("Nothing has become of any event yet.");
        }
        for (Rejection rejection : nobodys.subList(Math.max(0, nobodys.size() - MOST_OF_NOBODY), nobodys.size())) {
            Position position = rejection.getPosition();
            out.printf(
                    "refused  %-20s %s, partition %d, offset %d: %s: %s%n",
                    rejection.getTime().truncatedTo(ChronoUnit.SECONDS),
                    Plain.of(position.getTopic()),
                    position.getPartition(),
                    position.getOffset(),
                    Plain.of(rejection.getCode()),
                    Plain.of(rejection.getMessage()));
        }
    }

    private static @Nullable String modelOf(Outcome outcome) {
        return outcome instanceof Outcome.Updated updated
                ? updated.update().getModelId()
                : ((Outcome.Rejected) outcome).rejection().getModelId();
    }

    /** What the gate found, indented; nothing where there is none. */
    public void report(@Nullable GateReport report, @Nullable Double scale) {
        if (report == null) {
            return;
        }
        out.println(INDENT + ReportLines.summary(report) + (scale == null ? "" : "  scale " + scale));
        String trials = ReportLines.trials(report);
        if (!trials.isEmpty()) {
            out.println(INDENT + "scales tried  " + trials);
        }
        if (hasBars) {
            ReportLines.bars(report).forEach(line -> out.println(INDENT + line));
        }
    }

    /** Says so where little of the update arrives. */
    public void share(ModelUpdate version) {
        UpdateShares.warning(version.getUpdateShare()).ifPresent(warning -> out.println(INDENT + warning));
    }

    private static String shortened(String digest) {
        String hex = Plain.of(digest.startsWith(PREFIX) ? digest.substring(PREFIX.length()) : digest);
        return hex.substring(0, Math.min(DIGITS, hex.length()));
    }

    private static String inside(ModelUpdate version) {
        return version.getExperts().stream()
                .map(expert ->
                        Plain.of(expert.getExpertId()) + (MergedExperts.isProtection(expert) ? "(protected)" : ""))
                .collect(Collectors.joining(" "));
    }
}
