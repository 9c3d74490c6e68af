package dev.koine.cli.option;

import dev.koine.cli.folder.ModelFiles;
import dev.koine.cli.folder.Upload;
import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.engine.statistics.Statistics;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Bundles;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The statistics of a language in an event. */
public final class StatisticsOption {
    @Option(
            names = "--statistics",
            paramLabel = "STATS",
            description =
                    "Folder that koine statistics made on speech of the language, for models that are registered for REGMEAN; others pass it over.",
            converter = FolderConverter.class)
    public @Nullable Path folder;

    @Option(
            names = "--statistics-at",
            paramLabel = "PLACE",
            description = "Where the job finds the same files, if not there; as --at.",
            converter = PlaceConverter.class)
    @Nullable
    URI place;

    /**
     * The statistics as an event names them, hashed, and copied where that is asked for; null where there are none.
     *
     * @param upload where they are copied to; null where they are not
     */
    public dev.koine.schemas.@Nullable Bundle describe(@Nullable Upload upload, PrintWriter out, PrintWriter err)
            throws IOException, RejectedException {
        return folder == null ? null : describe(folder, place, upload, out, err);
    }

    /** Those of a folder. */
    public static dev.koine.schemas.Bundle describe(
            Path folder, @Nullable URI place, @Nullable Upload upload, PrintWriter out, PrintWriter err)
            throws IOException, RejectedException {
        return new Input("The statistics (" + folder + ")").read(() -> {
            Statistics.open(folder.resolve(Statistics.FILE)).close();
            ModelFiles files = ModelFiles.in(folder);
            Bundle all = files.describe();
            Bundle here = new Bundle(
                    all.uri(),
                    all.files().stream()
                            .filter(file -> file.path().equals(Statistics.FILE))
                            .toList());
            out.printf("Statistics %s: %,d bytes, %s%n", folder, here.bytes(), here.digest());
            if (upload != null && place == null) {
                return Bundles.toAvro(upload.copy(files, here, out, err));
            }
            return Bundles.toAvro(place == null ? here : new Bundle(place, here.files()));
        });
    }
}
