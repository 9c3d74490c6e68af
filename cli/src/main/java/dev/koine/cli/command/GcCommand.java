package dev.koine.cli.command;

import dev.koine.cli.console.Counted;
import dev.koine.cli.console.DurationConverter;
import dev.koine.cli.console.ExitCode;
import dev.koine.cli.console.ProgressBar;
import dev.koine.cli.option.StoreOption;
import dev.koine.engine.file.TemporaryFolder;
import dev.koine.lifecycle.history.Retention;
import dev.koine.lifecycle.history.RetentionPolicy;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code koine gc}. */
@Command(
        name = "gc",
        description = {
            "Takes out of a store what no kept version and no running merge refers to; the job may go on meanwhile.",
            "The newest version of each model, the one before, and version 0 are always kept."
        },
        footer = {"%nExample:", "  koine gc --store ./koine-data/store --keep 20 --younger-than \"30 d\" --dry-run"})
public final class GcCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Mixin
    StoreOption store;

    @Option(
            names = "--keep",
            paramLabel = "N",
            description = "How many of each model's newest versions stay; 0 for all (default: ${DEFAULT-VALUE}).",
            defaultValue = "0")
    int keep;

    @Option(
            names = "--younger-than",
            paramLabel = "AGE",
            description = "Versions younger than this stay, too (default: ${DEFAULT-VALUE}).",
            defaultValue = "0 s",
            converter = DurationConverter.class)
    Duration age;

    @Option(
            names = "--grace",
            paramLabel = "AGE",
            description = "Nothing that was put so short a time ago is taken (default: ${DEFAULT-VALUE}).",
            defaultValue = "1 h",
            converter = DurationConverter.class)
    Duration grace;

    @Option(
            names = "--drop-experts",
            description = "Takes the copies of experts, too; their task vectors stay, which versions are made from.")
    boolean dropExperts;

    @Option(names = "--dry-run", description = "Only says what would be taken.")
    boolean dryRun;

    @Override
    public Integer call() throws Exception {
        if (keep < 0) {
            throw new ParameterException(spec.commandLine(), "--keep is " + keep + "; give 0 or more.");
        }
        PrintWriter out = spec.commandLine().getOut();
        RetentionPolicy policy = new RetentionPolicy(keep, age, !dropExperts, grace);
        ProgressBar progress = new ProgressBar(spec.commandLine().getErr(), System.console() != null);
        Retention.Swept swept;
        try (TemporaryFolder cache = TemporaryFolder.create("koine-gc")) {
            swept = new Retention(store.open(cache.path()), policy).sweep(Instant.now(), dryRun, progress);
        }
        out.printf(
                "%s %s, and %d files and models of %,d bytes; %d stay.%n",
                dryRun ? "Would take away" : "Took away",
                Counted.of(swept.versions(), "version"),
                swept.artifacts(),
                swept.bytes(),
                swept.kept());
        if (swept.unfinished() > 0) {
            out.printf("Took away %s begun and never finished.%n", Counted.of(swept.unfinished(), "thing"));
        }
        return ExitCode.OK;
    }
}
