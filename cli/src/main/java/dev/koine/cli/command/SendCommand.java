package dev.koine.cli.command;

import dev.koine.cli.topic.Sender;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.UndecodableException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code koine send}. */
@Command(
        name = "send",
        description = "Sends an event that koine sign has written.",
        footer = {"%nExample:", "  koine send ca.event"})
public final class SendCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Mixin
    Sender sender;

    @Parameters(paramLabel = "FILE", description = "The event.")
    Path file;

    @Override
    public Integer call() throws Exception {
        try {
            ExpertEvent event = EventCodec.of(ExpertEvent.class).decode(Files.readAllBytes(file));
            return sender.sendExpert(event, spec.commandLine().getOut());
        } catch (UndecodableException e) {
            throw new RejectedException(RejectionCode.UNDECODABLE, file + " is no event: " + e.getMessage());
        }
    }
}
