package dev.koine.cli.command;

import dev.koine.subscriber.quarantine.Quarantine;
import dev.koine.subscriber.quarantine.QuarantineLimits;
import java.time.Duration;
import picocli.CommandLine.Option;

/** What the process may use that models are loaded in, apart from the command's own. */
final class QuarantineOptions {
    @Option(
            names = "--quarantine-memory",
            paramLabel = "MIB",
            description = {
                "Memory of the process that models are loaded in, in MiB, and four bytes besides for each byte of a model",
                "(default: ${DEFAULT-VALUE})."
            },
            defaultValue = "2048")
    long mebibytes;

    @Option(
            names = "--quarantine-time",
            paramLabel = "SECONDS",
            description =
                    "Of a processor that a model may take there to be loaded and asked once (default: ${DEFAULT-VALUE}).",
            defaultValue = "120")
    long seconds;

    QuarantineLimits limits() {
        return QuarantineLimits.DEFAULT.withMemory(mebibytes << 20).withTime(Duration.ofSeconds(seconds));
    }

    Quarantine open() {
        return new Quarantine(limits());
    }
}
