package dev.koine.cli.command;

import dev.koine.cli.console.ExitCode;
import dev.koine.cli.console.LongRunning;
import dev.koine.cli.option.InBandOptions;
import dev.koine.cli.option.KafkaOptions;
import dev.koine.cli.topic.RelayLines;
import dev.koine.events.inband.Relay;
import dev.koine.events.inband.RelaySettings;
import dev.koine.events.inband.RelayedContent;
import dev.koine.events.signature.TrustedKeys;
import dev.koine.objectstore.StandaloneBundles;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code koine relay}. */
@Command(
        name = "relay",
        description = {
            "Sends the files of the newest versions of all models to koine.artifacts, for services without the store, until it is interrupted.",
            "Runs where the store can be read, one for a broker. What is there already is not sent again."
        },
        footer = {"%nExample:", "  koine relay", "  koine relay --in-band all --in-band-limit \"500 mb\""})
public final class RelayCommand extends LongRunning {
    @Spec
    CommandSpec spec;

    @Option(
            names = "--in-band",
            paramLabel = "BUNDLES|PATCHES|ALL",
            description = {
                "What of a version: its files; what a service needs that computes the version itself (the base and the task vectors; of versions",
                "that do not say it, the files); or both (default: ${DEFAULT-VALUE})."
            },
            defaultValue = "BUNDLES")
    RelayedContent content;

    @Option(names = "--again", description = "Sends everything once more, also what is there.")
    boolean again;

    @Option(
            names = "--trusted-keys",
            paramLabel = "FILE",
            description = "Sends only versions that one of these keys has signed (default: sends all).")
    @Nullable
    Path trustedKeys;

    @Mixin
    InBandOptions options;

    @Mixin
    KafkaOptions kafka;

    public RelayCommand() {
        super(Duration.ofSeconds(20));
    }

    @Override
    public Integer call() throws Exception {
        @Nullable TrustedKeys trusted = trustedKeys == null ? null : TrustedKeys.read(trustedKeys);
        RelaySettings settings = options.settings(kafka.unchecked(), content, again, trusted);
        try (Relay relay = Relay.start(
                settings,
                new StandaloneBundles(),
                new RelayLines(spec.commandLine().getOut()))) {
            awaitStop();
        }
        return ExitCode.OK;
    }
}
