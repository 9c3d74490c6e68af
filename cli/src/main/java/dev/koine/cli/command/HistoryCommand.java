package dev.koine.cli.command;

import dev.koine.cli.ExitCode;
import dev.koine.cli.console.Plain;
import dev.koine.schemas.Cause;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Rejection;
import dev.koine.schemas.Topics;
import dev.koine.subscriber.events.Outcome;
import dev.koine.subscriber.events.OutcomeReader;
import java.io.PrintWriter;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code koine history}. */
@Command(
        name = "history",
        description = "Lists the versions of a model, and the events that were refused.",
        footer = {"%nExample:", "  koine history --model whisper"})
public final class HistoryCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Option(names = "--model", required = true, paramLabel = "ID", description = "Name of the model.")
    String modelId;

    @Mixin
    KafkaOptions kafka;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        List<Outcome> outcomes;
        try (OutcomeReader reader = new OutcomeReader(kafka.properties(), Topics.DEFAULT)) {
            outcomes = reader.readAll();
        }
        List<ModelUpdate> versions = outcomes.stream()
                .filter(Outcome.Updated.class::isInstance)
                .map(outcome -> ((Outcome.Updated) outcome).update())
                .filter(update -> update.getModelId().equals(modelId))
                .sorted(Comparator.comparing(ModelUpdate::getVersion))
                .toList();
        List<Rejection> rejections = outcomes.stream()
                .filter(Outcome.Rejected.class::isInstance)
                .map(outcome -> ((Outcome.Rejected) outcome).rejection())
                .filter(rejection -> modelId.equals(rejection.getModelId()))
                .toList();
        if (versions.isEmpty() && rejections.isEmpty()) {
            out.printf("Nothing is known of a model '%s'. Register it with koine register.%n", modelId);
            return ExitCode.OK;
        }
        out.printf("%-8s %-20s %-24s %-14s %s%n", "version", "time", "change", "digest", "experts inside");
        for (ModelUpdate version : versions) {
            out.printf(
                    "%-8d %-20s %-24s %-14s %s%n",
                    version.getVersion(),
                    version.getTime().truncatedTo(ChronoUnit.SECONDS),
                    change(version.getCause()),
                    version.getDigest().substring("sha256:".length()).substring(0, 12),
                    inside(version));
        }
        for (Rejection rejection : rejections) {
            out.printf(
                    "refused  %-20s %s %s: %s%n",
                    rejection.getTime().truncatedTo(ChronoUnit.SECONDS),
                    rejection.getExpertId() == null ? "" : Plain.of(rejection.getExpertId()),
                    Plain.of(rejection.getCode()),
                    Plain.of(rejection.getMessage()));
        }
        return ExitCode.OK;
    }

    private static String change(Cause cause) {
        String change = cause.getChange().name().toLowerCase(Locale.ROOT).replace('_', ' ');
        if (cause.getBackTo() != null) {
            return change + " to " + cause.getBackTo();
        }
        return cause.getExpertId() == null ? change : change + " " + cause.getExpertId() + " r" + cause.getRevision();
    }

    private static String inside(ModelUpdate version) {
        return version.getExperts().stream()
                .map(MergedExpert::getExpertId)
                .map(Plain::of)
                .collect(Collectors.joining(" "));
    }
}
