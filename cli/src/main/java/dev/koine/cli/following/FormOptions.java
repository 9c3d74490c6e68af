package dev.koine.cli.following;

import dev.koine.cli.export.ExportFormat;
import dev.koine.cli.export.FolderSource;
import dev.koine.cli.folder.ModelFolders;
import dev.koine.cli.option.FolderConverter;
import dev.koine.cli.option.KafkaOptions;
import dev.koine.cli.option.PlaceConverter;
import dev.koine.cli.topic.Announced;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.store.RemotePlace;
import dev.koine.follower.Form;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What the folder of a version holds, and what it is made of besides the version. */
public final class FormOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--form",
            paramLabel = "onnx|hf|peft",
            description = {
                "onnx: the files of the announced bundle.",
                "hf, peft: what koine export writes by this --format. It takes the base and its checkpoint: --store, or --base and --checkpoint.",
                "(default: ${DEFAULT-VALUE})"
            },
            defaultValue = "onnx")
    ExportFormat format;

    @Option(
            names = "--store",
            paramLabel = "PLACE",
            description =
                    "hf, peft: the job's store, which has them: a folder such as ./koine-data/store, or s3://bucket/prefix/.",
            converter = PlaceConverter.class)
    @Nullable
    URI store;

    @Option(
            names = "--base",
            paramLabel = "DIR",
            description =
                    "hf, peft of a model that was registered without its checkpoint: folder with the base, an ONNX export.",
            converter = FolderConverter.class)
    @Nullable
    Path base;

    @Option(
            names = "--checkpoint",
            paramLabel = "DIR",
            description = "... and with the checkpoint that it was exported from.",
            converter = FolderConverter.class)
    @Nullable
    Path checkpoint;

    @Option(
            names = "--rank",
            paramLabel = "N",
            description = "peft: rank of the adapter (default: ${DEFAULT-VALUE}).",
            defaultValue = "16")
    int rank;

    @Option(
            names = "--base-model",
            paramLabel = "ID",
            description = "hf, peft: the base's name on the Hub, for the metadata.")
    @Nullable
    String baseModel;

    /**
     * The form of versions; empty for the files of their bundles.
     *
     * @param models keeps copies of the folders that are named; to be closed after the form's last use
     * @throws RejectedException if the base is not of the checkpoint
     * @throws IOException if a folder that is named is not what it has to be
     */
    public Optional<Form> form(Path folder, FollowingOptions following, TritonOptions triton, ModelFolders models)
            throws RejectedException, IOException {
        requireSense(triton);
        if (format == ExportFormat.ONNX) {
            return Optional.empty();
        }
        KafkaOptions kafka = following.kafka;
        String model = following.modelId;
        PrintWriter out = spec.commandLine().getOut();
        BaseSource bases = store != null ? stored(store, folder, kafka, model) : folders(models);
        return Optional.of(new ExportedForm(
                new ExportedForm.Kind(format, rank, baseModel),
                bases,
                () -> Announced.find(kafka, model, null).first(),
                out));
    }

    private void requireSense(TritonOptions triton) {
        String word = format.name().toLowerCase(Locale.ROOT);
        if (format == ExportFormat.ONNX) {
            if (Stream.of(store, base, checkpoint, baseModel).anyMatch(given -> given != null)) {
                throw wrong(
                        "--store, --base, --checkpoint and --base-model are for other forms: add --form hf or --form peft.");
            }
            return;
        }
        if (triton.target == TritonOptions.Target.TRITON) {
            throw wrong("--to triton serves ONNX files, and --form " + word
                    + " writes none: leave one of them out, or give each a command and a folder of its own.");
        }
        boolean isInFolders = base != null && checkpoint != null;
        boolean isInOne = base != null || checkpoint != null;
        if (store == null ? !isInFolders : isInOne) {
            throw wrong(
                    "--form " + word
                            + " takes the base and its checkpoint from one place: the job's store, --store, or folders, --base and --checkpoint.");
        }
        if (rank < 1) {
            throw wrong("The rank " + rank + " of --rank has to be 1 or more.");
        }
    }

    /** A store that is a folder has to be there; one in object storage may be away for a while. */
    private BaseSource stored(URI place, Path folder, KafkaOptions kafka, String model) throws IOException {
        StoredBase stored = new StoredBase(place, folder.resolve(".koine").resolve("store"));
        if (!RemotePlace.isRemote(place)) {
            stored.open();
        }
        if (isWithoutCheckpoint(kafka, model)) {
            throw wrong("The model '" + model
                    + "' was registered without the checkpoint that its base was exported from, so the store has none."
                    + " Name folders in place of it: --base and --checkpoint.");
        }
        return stored;
    }

    /** Of what is announced by now; what is not, or cannot be told, is waited for as any version is. */
    private static boolean isWithoutCheckpoint(KafkaOptions kafka, String model) {
        try {
            return Announced.find(kafka, model, null).version().getCheckpointDigest() == null;
        } catch (RejectedException | IOException | KafkaException e) {
            return false;
        }
    }

    private BaseSource folders(ModelFolders models) throws RejectedException, IOException {
        try (WorkPool pool = new WorkPool(Runtime.getRuntime().availableProcessors())) {
            MappedBase mapped = FolderSource.of(Objects.requireNonNull(base), Objects.requireNonNull(checkpoint))
                    .base(models, pool);
            return update -> mapped;
        }
    }

    private ParameterException wrong(String sentence) {
        return new ParameterException(spec.commandLine(), sentence);
    }
}
