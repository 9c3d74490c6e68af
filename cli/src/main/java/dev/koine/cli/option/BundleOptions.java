package dev.koine.cli.option;

import dev.koine.cli.console.Counted;
import dev.koine.cli.folder.ModelFiles;
import dev.koine.cli.folder.Upload;
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
                "They have to be there already. With --upload: where the job finds what this machine knows as its place."
            },
            converter = PlaceConverter.class)
    @Nullable
    public URI place;

    @Option(
            names = "--upload",
            paramLabel = "PLACE",
            description = {
                "Copies the files to PLACE first, a folder or s3://bucket/models/, where the job may read: into a folder that",
                "their digest names, verified. What is there already is not copied again."
            },
            converter = PlaceConverter.class)
    @Nullable
    public URI uploadPlace;

    /** Where the files are copied to; null where they are not. */
    public @Nullable Upload upload() {
        return uploadPlace == null ? null : new Upload(uploadPlace, place == null ? uploadPlace : place);
    }

    /**
     * The bundle before its files are hashed: in an event it is as large as afterwards. Where it is to be uploaded, the place is tried.
     *
     * @throws RejectedException also for links of the Hugging Face cache where the event would name them
     */
    public Bundle list() throws IOException, RejectedException {
        ModelFiles files = ModelFiles.in(directory);
        @Nullable Upload upload = upload();
        if (upload != null) {
            upload.requirePlace();
            return upload.listed(files.list());
        }
        return place == null ? files.requireUnlinked().list() : at(files.list());
    }

    /** The bundle at its place in the event, with its files hashed, and copied where that is asked for. */
    public Bundle describe(PrintWriter out, PrintWriter err) throws IOException, RejectedException {
        out.printf("Hashing %s ...%n", directory);
        ModelFiles files = ModelFiles.in(directory);
        Bundle bundle = files.describe();
        out.printf("%s, %,d bytes, %s%n", Counted.of(bundle.files().size(), "file"), bundle.bytes(), bundle.digest());
        @Nullable Upload upload = upload();
        return upload == null ? at(bundle) : upload.copy(files, bundle, out, err);
    }

    private Bundle at(Bundle bundle) {
        return place == null ? bundle : new Bundle(place, bundle.files());
    }
}
