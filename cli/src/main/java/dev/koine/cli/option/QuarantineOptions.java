package dev.koine.cli.option;

import dev.koine.lifecycle.option.JobOption;
import dev.koine.lifecycle.option.MergeJobOptions;
import dev.koine.speech.quarantine.Quarantine;
import dev.koine.speech.quarantine.QuarantineLimits;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What the process may use that models are loaded in, apart from the command's own: as the merge job has it, or numbers without a unit. */
public final class QuarantineOptions {
    private static final String MEMORY = "--quarantine-memory";
    private static final String TIME = "--quarantine-time";
    private static final long LEAST_MEBIBYTES = QuarantineLimits.LEAST_MEMORY >> 20;
    private static final long MOST_MEBIBYTES = 1 << 24;
    private static final long MOST_SECONDS = 1_000_000;
    private static final Pattern NUMBER = Pattern.compile("-?[0-9]{1,18}");

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    private QuarantineLimits limits = QuarantineLimits.DEFAULT;

    @Option(names = MEMORY, paramLabel = "SIZE|MIB", descriptionKey = "job.quarantine.memory")
    public void setMemory(@Nullable String value) {
        if (value != null) {
            limits = limits.withMemory(
                    NUMBER.matcher(value).matches()
                            ? require(MEMORY, Long.parseLong(value), LEAST_MEBIBYTES, MOST_MEBIBYTES) << 20
                            : parse(MergeJobOptions.QUARANTINE_MEMORY, MEMORY, value, "MiB"));
        }
    }

    @Option(names = TIME, paramLabel = "DURATION|SECONDS", descriptionKey = "job.quarantine.time")
    public void setTime(@Nullable String value) {
        if (value != null) {
            limits = limits.withTime(
                    NUMBER.matcher(value).matches()
                            ? Duration.ofSeconds(require(TIME, Long.parseLong(value), 1, MOST_SECONDS))
                            : parse(MergeJobOptions.QUARANTINE_TIME, TIME, value, "seconds"));
        }
    }

    private long require(String option, long value, long least, long most) {
        if (value < least || value > most) {
            throw new ParameterException(
                    command.commandLine(),
                    "Option " + option + " takes a number from " + least + " to " + most + ", not " + value + ".");
        }
        return value;
    }

    private <T> T parse(JobOption<T> option, String name, String value, String unit) {
        try {
            return option.parse(value, name);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(
                    command.commandLine(),
                    name + " is '" + value + "'; give " + option.type().wanted() + ", or a number of " + unit + ".");
        }
    }

    public QuarantineLimits limits() {
        return limits;
    }

    public Quarantine open() {
        return new Quarantine(limits);
    }
}
