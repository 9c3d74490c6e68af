package dev.koine.cli.command;

import dev.koine.cli.card.ModelCard;
import dev.koine.cli.console.ExitCode;
import dev.koine.cli.topic.Announced;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code koine card}. */
@Command(
        name = "card",
        description = "Prints the model card of a version: Markdown, with metadata as the Hugging Face Hub reads it.",
        footer = {"%nExample:", "  koine card --model whisper --base-model openai/whisper-small > README.md"})
public final class CardCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Mixin
    Announced announced;

    @Option(names = "--base-model", paramLabel = "ID", description = "The base's name on the Hub, for the metadata.")
    @Nullable
    String baseModel;

    @Override
    public Integer call() throws Exception {
        Announced.Found found = announced.find();
        spec.commandLine()
                .getOut()
                .print(ModelCard.of(found.version(), found.first().orElse(null), baseModel));
        return ExitCode.OK;
    }
}
