package dev.koine.cli.command;

import dev.koine.cli.folder.Upload;
import dev.koine.cli.option.LanguageConverter;
import dev.koine.cli.option.PlaceConverter;
import dev.koine.cli.option.ProtectedFolder;
import dev.koine.cli.option.Protection;
import dev.koine.cli.option.StatisticsOption;
import dev.koine.cli.topic.Sender;
import dev.koine.schemas.Bundle;
import java.io.PrintWriter;
import java.net.URI;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code koine protect}. */
@Command(
        name = "protect",
        description = {
            "Protects a language that the base knows and no expert is for: experts then hardly change what its speech comes to.",
            "For models that are registered for REGMEAN. koine retract with the same name takes the protection out again."
        },
        footer = {"%nExample:", "  koine protect --model whisper --language es --statistics statistics-es"})
public final class ProtectCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Option(names = "--model", required = true, paramLabel = "ID", description = "Name of the model.")
    String modelId;

    @Option(
            names = "--language",
            required = true,
            paramLabel = "TAG",
            description = "The language (BCP 47).",
            converter = LanguageConverter.class)
    String language;

    @Option(
            names = "--name",
            paramLabel = "ID",
            description = "What the protection is called among the experts (default: the language).")
    @Nullable
    String name;

    @Option(
            names = "--revision",
            description = "A higher revision replaces a lower one (default: ${DEFAULT-VALUE}).",
            defaultValue = "1")
    long revision;

    @Option(
            names = "--weight",
            description = "How much the language counts beside an expert's (default: ${DEFAULT-VALUE}).",
            defaultValue = "" + ProtectedFolder.WEIGHT)
    double weight;

    @Option(
            names = "--upload",
            paramLabel = "PLACE",
            description =
                    "Copies the statistics to PLACE first, a folder or s3://bucket/models/, where the job may read.",
            converter = PlaceConverter.class)
    @Nullable
    URI upload;

    @Mixin
    StatisticsOption statistics;

    @Mixin
    Sender sender;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        if (statistics.folder == null) {
            throw new ParameterException(
                    spec.commandLine(),
                    "A language is protected by its statistics; give their folder with --statistics. koine statistics makes one.");
        }
        if (!(weight > 0 && weight < Double.POSITIVE_INFINITY)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "The weight is " + weight + "; give a finite number over 0, such as " + ProtectedFolder.WEIGHT
                            + ".");
        }
        @Nullable Upload copies = upload == null ? null : new Upload(upload, upload);
        Bundle described = Objects.requireNonNull(
                statistics.describe(copies, out, spec.commandLine().getErr()));
        String id = name == null ? language : name;
        return sender.sendExpert(Protection.event(modelId, id, revision, language, weight, described), out);
    }
}
