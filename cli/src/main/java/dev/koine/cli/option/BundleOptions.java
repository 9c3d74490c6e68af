package dev.koine.cli.option;

import dev.koine.cli.console.Counted;
import dev.koine.engine.RejectedException;
import dev.koine.engine.store.Bundle;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A folder that becomes a bundle in an event; says that it is hashed, since that reads every byte of it. */
public class BundleOptions {
    @Parameters(
            paramLabel = "DIR",
            description = "Folder with the model: ONNX files, tokenizer, config.",
            converter = FolderConverter.class)
    public Path directory;

    @Option(
            names = "--at",
            paramLabel = "PLACE",
            description = {
                "Where the job finds the same files, if not in DIR: a folder, or s3://bucket/models/de/.",
                "They have to be there already."
            },
            converter = PlaceConverter.class)
    @Nullable
    public URI place;

    /** The bundle before its files are hashed: in an event it is as large as afterwards. */
    public Bundle list() throws IOException, RejectedException {
        return at(Bundle.listWithoutStrays(directory));
    }

    public Bundle describe(PrintWriter out) throws IOException, RejectedException {
        out.printf("Hashing %s ...%n", directory);
        Bundle bundle = Bundle.describeWithoutStrays(directory);
        out.printf("%s, %,d bytes, %s%n", Counted.of(bundle.files().size(), "file"), bundle.bytes(), bundle.digest());
        return at(bundle);
    }

    private Bundle at(Bundle bundle) {
        return place == null ? bundle : new Bundle(place, bundle.files());
    }
}
