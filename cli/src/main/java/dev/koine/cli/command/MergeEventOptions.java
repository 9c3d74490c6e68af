package dev.koine.cli.command;

import dev.koine.engine.RejectedException;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.subscriber.events.Bundles;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** An expert, and how it is to be merged. */
final class MergeEventOptions {
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
    BundleOptions bundle;

    /** The event, with the folder's files hashed. */
    ExpertEvent event(PrintWriter out) throws IOException, RejectedException {
        return ExpertEvent.newBuilder()
                .setAction(ExpertAction.MERGE)
                .setModelId(expert.modelId)
                .setExpertId(expert.expertId)
                .setRevision(revision)
                .setLanguages(languages)
                .setTasks(tasks)
                .setWeight(weight)
                .setBundle(Bundles.toAvro(bundle.describe(out)))
                .setTime(Instant.now())
                .build();
    }
}
