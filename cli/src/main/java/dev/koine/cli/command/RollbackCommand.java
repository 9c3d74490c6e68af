package dev.koine.cli.command;

import dev.koine.cli.topic.Sender;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code koine rollback}. */
@Command(
        name = "rollback",
        description = {
            "Makes an older version the newest again: the same bytes, announced under the next number.",
            "What was merged since is out; what comes next is merged into the old version."
        },
        footer = {"%nExample:", "  koine rollback --model whisper --to 12"})
public final class RollbackCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Option(names = "--model", required = true, paramLabel = "ID", description = "Name of the model.")
    String modelId;

    @Option(
            names = "--to",
            required = true,
            paramLabel = "VERSION",
            description = "Number of the version to go back to.")
    long version;

    @Mixin
    Sender sender;

    @Override
    public Integer call() throws Exception {
        ExpertEvent event = ExpertEvent.newBuilder()
                .setAction(ExpertAction.ROLLBACK)
                .setModelId(modelId)
                .setBackTo(version)
                .setTime(Instant.now())
                .build();
        return sender.sendExpert(event, spec.commandLine().getOut());
    }
}
