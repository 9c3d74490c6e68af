package dev.koine.cli.command;

import dev.koine.cli.console.ExitCode;
import dev.koine.cli.option.KafkaOptions;
import dev.koine.cli.topic.ServicesTable;
import dev.koine.events.ServiceReports;
import dev.koine.schemas.ServiceReport;
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

/** {@code koine services}. */
@Command(
        name = "services",
        description = {
            "Says which services serve which version, since when, and what they could not serve and why.",
            "Known are those that report it: koine follow and koine serve with --service NAME, Java services with a ServiceReporter, Python ones with service=."
        },
        footer = {"%nExample:", "  koine services", "  koine services --model whisper --json"})
public final class ServicesCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Option(names = "--model", paramLabel = "ID", description = "Name of the model (default: all).")
    @Nullable
    String modelId;

    @Option(names = "--json", description = "Prints JSON: a line for each service, as schemas have it.")
    boolean json;

    @Mixin
    KafkaOptions kafka;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        List<ServiceReport> reports = ServiceReports.newest(kafka.properties(), modelId);
        if (json) {
            reports.forEach(out::println);
        } else if (reports.isEmpty()) {
            out.println("No service has reported. Start one with --service NAME.");
        } else {
            new ServicesTable(out, Instant.now()).print(reports);
        }
        return ExitCode.OK;
    }
}
