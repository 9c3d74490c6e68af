package dev.koine.cli.option;

import dev.koine.speech.quarantine.Quarantine;
import dev.koine.speech.quarantine.QuarantineLimits;
import java.time.Duration;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What the process may use that models are loaded in, apart from the command's own. */
public final class QuarantineOptions {
    private static final long LEAST_MEBIBYTES = 256;
    private static final long MOST_MEBIBYTES = 1 << 24;
    private static final long MOST_SECONDS = 1_000_000;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    private long mebibytes;
    private long seconds;

    @Option(
            names = "--quarantine-memory",
            paramLabel = "MIB",
            description = {
                "Memory of the process that models are loaded in, in MiB, 256 at least, and four bytes besides for each byte of a model",
                "(default: ${DEFAULT-VALUE})."
            },
            defaultValue = "2048")
    public void setMemory(long value) {
        mebibytes = require("--quarantine-memory", value, LEAST_MEBIBYTES, MOST_MEBIBYTES);
    }

    @Option(
            names = "--quarantine-time",
            paramLabel = "SECONDS",
            description =
                    "Of a processor that a model may take there to be loaded and asked once (default: ${DEFAULT-VALUE}).",
            defaultValue = "120")
    public void setTime(long value) {
        seconds = require("--quarantine-time", value, 1, MOST_SECONDS);
    }

    private long require(String option, long value, long least, long most) {
        if (value < least || value > most) {
            throw new ParameterException(
                    command.commandLine(),
                    "Option " + option + " takes a number from " + least + " to " + most + ", not " + value + ".");
        }
        return value;
    }

    public QuarantineLimits limits() {
        return QuarantineLimits.DEFAULT.withMemory(mebibytes << 20).withTime(Duration.ofSeconds(seconds));
    }

    public Quarantine open() {
        return new Quarantine(limits());
    }
}
