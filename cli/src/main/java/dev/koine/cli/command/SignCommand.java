package dev.koine.cli.command;

import dev.koine.cli.console.ExitCode;
import dev.koine.cli.option.MergeEventOptions;
import dev.koine.events.signature.SigningKey;
import dev.koine.events.signature.Statement;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ExpertEvent;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code koine sign}. */
@Command(
        name = "sign",
        description = {
            "Signs a language expert without sending it: writes the signed event to a file, for koine send.",
            "For keys that live on a machine that has no broker."
        },
        footer = {
            "%nExample:",
            "  koine sign --sign-key ca.key --out ca.event --model whisper --expert ca --language ca ./whisper-small-ca-onnx"
        })
public final class SignCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Mixin
    MergeEventOptions merge;

    @Option(names = "--sign-key", required = true, paramLabel = "FILE", description = "The key to sign with.")
    Path signingKey;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "A new file for the signed event.")
    Path target;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        SigningKey key = SigningKey.read(signingKey);
        ExpertEvent event = merge.event(out, spec.commandLine().getErr());
        event.setSignature(key.sign(Statement.of(event)));
        Files.write(target, EventCodec.of(ExpertEvent.class).encode(event), StandardOpenOption.CREATE_NEW);
        out.printf("Signed with %s: %s. Send it with koine send %s%n", key.keyId(), target, target);
        return ExitCode.OK;
    }
}
