package dev.koine.cli.command;

import dev.koine.cli.console.ExitCode;
import dev.koine.cli.option.KafkaOptions;
import dev.koine.cli.topic.Announced;
import dev.koine.cli.topic.HistoryTable;
import dev.koine.cli.topic.ServicesTable;
import dev.koine.events.Outcome;
import dev.koine.events.OutcomeReader;
import dev.koine.events.ServiceReports;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Rejection;
import dev.koine.schemas.Topics;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code koine history}. */
@Command(
        name = "history",
        description = {
            "Lists the versions of a model, the events that were refused, and the services that report which version they serve.",
            "Without a model: which there are, and what was refused that names none, such as messages that are no events."
        },
        footer = {
            "%nExample:",
            "  koine history --model whisper",
            "  koine history",
            "  koine history --model whisper --json"
        })
public final class HistoryCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Option(names = "--model", paramLabel = "ID", description = "Name of the model.")
    @Nullable
    String modelId;

    @Option(
            names = "--no-bars",
            description = "Leaves out the bars: a line a language and task, full at an error of 100 %%.")
    boolean noBars;

    @Option(
            names = "--json",
            description = {
                "Prints JSON: a line for each update and each rejection, as schemas have them, in the order of their events.",
                "Without a model: those of all."
            })
    boolean json;

    @Mixin
    KafkaOptions kafka;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        List<Outcome> outcomes;
        try (OutcomeReader reader = new OutcomeReader(kafka.properties(), Topics.DEFAULT)) {
            outcomes = reader.readAll();
        }
        if (json) {
            new HistoryTable(out, false).json(outcomes, modelId);
            return ExitCode.OK;
        }
        if (modelId == null) {
            new HistoryTable(out, false).overview(outcomes);
            return ExitCode.OK;
        }
        List<ModelUpdate> versions = Announced.versions(outcomes, modelId);
        List<Rejection> rejections = outcomes.stream()
                .filter(Outcome.Rejected.class::isInstance)
                .map(outcome -> ((Outcome.Rejected) outcome).rejection())
                .filter(rejection -> modelId.equals(rejection.getModelId()))
                .toList();
        if (versions.isEmpty() && rejections.isEmpty()) {
            out.printf("Nothing is known of a model '%s'. Register it with koine register.%n", modelId);
            return ExitCode.OK;
        }
        new HistoryTable(out, !noBars).print(versions, rejections);
        printServices(out);
        return ExitCode.OK;
    }

    /** Who may read versions need not be one who may read what services report. */
    private void printServices(PrintWriter out) {
        try {
            new ServicesTable(out, Instant.now()).print(ServiceReports.newest(kafka.properties(), modelId));
        } catch (IOException e) {
            out.printf("Services are not listed: %s%n", e.getMessage());
        }
    }
}
