package dev.koine.cli.option;

import dev.koine.cli.folder.PassedOver;
import dev.koine.cli.folder.TrainingFiles;
import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.events.Bundles;
import dev.koine.events.EventSize;
import dev.koine.schemas.Bundle;
import dev.koine.schemas.CombineTerm;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** An expert, and how it is to be merged. */
public final class MergeEventOptions {
    @Option(names = "--model", required = true, paramLabel = "ID", description = "Name of the model.")
    public String modelId;

    @ArgGroup(multiplicity = "1")
    public Source source;

    @Option(
            names = "--revision",
            description = "A higher revision replaces a lower one (default: ${DEFAULT-VALUE}).",
            defaultValue = "1")
    public long revision;

    @Option(names = "--language", paramLabel = "TAG", description = "BCP 47 tag; may be given several times.")
    public List<String> languages = List.of();

    @Option(names = "--task", description = "TRANSCRIBE or TRANSLATE; may be given several times.")
    public List<String> tasks = List.of();

    @Option(
            names = "--weight",
            description = "Factor of the expert's task vector (default: ${DEFAULT-VALUE}).",
            defaultValue = "1")
    public double weight;

    @Mixin
    public StatisticsOption statistics;

    /** One of the two. */
    public static final class Source {
        @ArgGroup(exclusive = false)
        @Nullable
        Files files;

        @Option(
                names = "--combine",
                required = true,
                paramLabel = "ID=SUM",
                description = {
                    "Makes the expert from task vectors of experts that are inside, such as 'pt=0.7*es+0.3*ca';",
                    "nothing is read but the store. A minus needs a space before it."
                },
                converter = Combination.Converter.class)
        @Nullable
        Combination combination;
    }

    /** A fine-tuned model. */
    public static final class Files extends BundleOptions {
        @Option(names = "--expert", required = true, paramLabel = "ID", description = "Name of the expert.")
        String expertId;
    }

    /** The event, with the folder's files hashed. */
    public ExpertEvent event(PrintWriter out, PrintWriter err) throws IOException, RejectedException {
        if (source.combination != null) {
            Combination combination = source.combination;
            return event(combination.expertId(), null, combination.terms(), statistics.describe(null, out, err));
        }
        Files files = Objects.requireNonNull(source.files);
        return Input.expert(files.expertId, files.directory).read(() -> {
            EventSize.require(event(files.expertId, Bundles.toAvro(files.list()), List.of(), null), ExpertEvent.class);
            PassedOver.tell(files.directory, err);
            TrainingFiles.tell(files.directory, "are hashed and copied to the store", err);
            return event(
                    files.expertId,
                    Bundles.toAvro(files.describe(out, err)),
                    List.of(),
                    statistics.describe(files.upload(), out, err));
        });
    }

    private ExpertEvent event(
            String expertId, @Nullable Bundle bundle, List<CombineTerm> terms, @Nullable Bundle ofLanguage) {
        return ExpertEvent.newBuilder()
                .setAction(ExpertAction.MERGE)
                .setModelId(modelId)
                .setExpertId(expertId)
                .setRevision(revision)
                .setLanguages(languages)
                .setTasks(tasks)
                .setWeight(weight)
                .setBundle(bundle)
                .setCombine(terms)
                .setStatistics(ofLanguage)
                .setTime(Instant.now())
                .build();
    }
}
