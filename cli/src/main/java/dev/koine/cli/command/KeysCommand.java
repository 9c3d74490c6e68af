package dev.koine.cli.command;

import dev.koine.cli.console.ExitCode;
import dev.koine.events.signature.Role;
import dev.koine.events.signature.SigningKey;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code koine keys}. */
@Command(
        name = "keys",
        description = "Makes and shows signing keys (Ed25519): who may add experts, and which versions services take.",
        subcommands = {KeysCommand.New.class, KeysCommand.Show.class},
        footer = {"%nExample:", "  koine keys new --for experts,models pipeline.key >> trusted-keys"})
public final class KeysCommand {

    /** {@code koine keys new}. */
    @Command(
            name = "new",
            description =
                    "Makes a key, in a new file that only you may read, and prints the line by which it is trusted.",
            footer = {"%nExample:", "  koine keys new --for updates job.key >> trusted-keys"})
    static final class New extends Shown {
        @Override
        SigningKey key(Path file) throws Exception {
            SigningKey key = SigningKey.generate();
            key.write(file);
            return key;
        }
    }

    /** {@code koine keys show}. */
    @Command(
            name = "show",
            description = "Prints the line by which a key is trusted.",
            footer = {"%nExample:", "  koine keys show --for updates job.key"})
    static final class Show extends Shown {
        @Override
        SigningKey key(Path file) throws Exception {
            return SigningKey.read(file);
        }
    }

    /** Prints how to trust a key. */
    abstract static class Shown implements java.util.concurrent.Callable<Integer> {
        @Spec
        CommandSpec spec;

        @Option(
                names = "--for",
                required = true,
                split = ",",
                paramLabel = "ROLE",
                description = "What the key is trusted for: models, experts, updates.")
        List<Role> roles;

        @Parameters(paramLabel = "FILE", description = "The key's file.")
        Path file;

        abstract SigningKey key(Path place) throws Exception;

        @Override
        public Integer call() throws Exception {
            SigningKey key = key(file);
            PrintWriter out = spec.commandLine().getOut();
            Set<Role> wanted = EnumSet.copyOf(roles);
            out.printf("%s %s (%s)%n", key.trustLine(wanted), key.keyId(), file.getFileName());
            return ExitCode.OK;
        }
    }
}
