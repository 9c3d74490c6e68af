package dev.koine.cli.option;

import dev.koine.cli.console.SizeConverter;
import dev.koine.events.inband.RelaySettings;
import dev.koine.events.inband.RelayedContent;
import dev.koine.events.signature.TrustedKeys;
import dev.koine.schemas.Topics;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How much is sent to {@code koine.artifacts}, and how long it stays there. */
public final class InBandOptions {
    /** How messages are made smaller. */
    public enum Compression {
        NONE,
        ZSTD
    }

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--in-band-limit",
            paramLabel = "SIZE",
            description = "Files that are larger are left out, and said (default: ${DEFAULT-VALUE}).",
            defaultValue = "2 gb",
            converter = SizeConverter.class)
    Long limit;

    @Option(
            names = "--in-band-keep",
            paramLabel = "N",
            description = {
                "How many of each model's newest versions stay on the topic; files that none of these has are taken away (default: ${DEFAULT-VALUE})."
            },
            defaultValue = "3")
    int keep;

    @Option(
            names = "--in-band-compression",
            paramLabel = "NONE|ZSTD",
            description = "Of messages (default: ${DEFAULT-VALUE}). Weights of float32 hardly become smaller.",
            defaultValue = "NONE")
    Compression compression;

    /** Requires what can be. */
    public void check() {
        if (keep < 1) {
            throw new ParameterException(spec.commandLine(), "--in-band-keep is " + keep + "; give 1 or more.");
        }
    }

    /**
     * What a relay is told.
     *
     * @param again whether everything is sent once more
     * @param trusted whose updates are followed; null for anybody's
     */
    public RelaySettings settings(
            Properties kafka, RelayedContent content, boolean again, @Nullable TrustedKeys trusted) {
        check();
        return new RelaySettings(
                kafka,
                Topics.DEFAULT.updates(),
                Topics.ARTIFACTS,
                content,
                limit,
                keep,
                compression == Compression.ZSTD ? "zstd" : "none",
                again,
                trusted);
    }
}
