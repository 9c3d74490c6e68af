package dev.koine.cli.command;

import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.subscriber.events.Bundles;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code koine submit}. */
@Command(
        name = "submit",
        description = "Submits a language expert, or a newer revision of one.",
        footer = {"%nExample:", "  koine submit --model whisper --expert ca --language ca ./whisper-small-ca-onnx"})
public final class SubmitCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Mixin
    ExpertOptions expert;

    @Option(
            names = "--revision",
            description = "A higher revision replaces a lower one (default: ${DEFAULT-VALUE}).",
            defaultValue = "1")
    long revision;

    @Option(names = "--language", paramLabel = "TAG", description = "BCP 47 tag; may be given several times.")
    List<String> languages = List.of();

    @Option(names = "--task", description = "TRANSCRIBE or TRANSLATE; may be given several times.")
    List<String> tasks = List.of();

    @Option(
            names = "--weight",
            description = "Factor of the expert's task vector (default: ${DEFAULT-VALUE}).",
            defaultValue = "1")
    double weight;

    @Mixin
    Sender sender;

    @Parameters(paramLabel = "DIR", description = "Folder with the fine-tuned model, exported like the base.")
    Path directory;

    @Override
    public Integer call() throws Exception {
        ExpertEvent event = ExpertEvent.newBuilder()
                .setAction(ExpertAction.MERGE)
                .setModelId(expert.modelId)
                .setExpertId(expert.expertId)
                .setRevision(revision)
                .setLanguages(languages)
                .setTasks(tasks)
                .setWeight(weight)
                .setBundle(Bundles.toAvro(
                        Hashing.describe(directory, spec.commandLine().getOut())))
                .setTime(Instant.now())
                .build();
        return sender.sendExpert(event, spec.commandLine().getOut());
    }
}
