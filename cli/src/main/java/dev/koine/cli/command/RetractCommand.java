package dev.koine.cli.command;

import dev.koine.cli.option.ExpertOptions;
import dev.koine.cli.topic.Sender;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code koine retract}. */
@Command(
        name = "retract",
        description = "Takes an expert out again; the model is bit for bit as if it had never been in.",
        footer = {"%nExample:", "  koine retract --model whisper --expert ca"})
public final class RetractCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Mixin
    ExpertOptions expert;

    @Mixin
    Sender sender;

    @Override
    public Integer call() throws Exception {
        ExpertEvent event = ExpertEvent.newBuilder()
                .setAction(ExpertAction.RETRACT)
                .setModelId(expert.modelId)
                .setExpertId(expert.expertId)
                .setTime(Instant.now())
                .build();
        return sender.sendExpert(event, spec.commandLine().getOut());
    }
}
