package dev.koine.cli.command;

import dev.koine.accelerator.DeviceDecomposition;
import dev.koine.cli.console.Counted;
import dev.koine.cli.console.ExitCode;
import dev.koine.cli.console.ProgressBar;
import dev.koine.cli.export.AnnouncedSource;
import dev.koine.cli.export.CardFile;
import dev.koine.cli.export.ExportFormat;
import dev.koine.cli.export.ExportWords;
import dev.koine.cli.export.FolderSource;
import dev.koine.cli.folder.ModelFolders;
import dev.koine.cli.folder.NewFolder;
import dev.koine.cli.option.KafkaOptions;
import dev.koine.cli.option.PlaceConverter;
import dev.koine.cli.topic.Announced;
import dev.koine.engine.Device;
import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.export.AdapterExport;
import dev.koine.engine.export.CheckpointExport;
import dev.koine.engine.file.TemporaryFolder;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.events.Bundles;
import dev.koine.objectstore.StandaloneBundles;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code koine export}. */
@Command(
        name = "export",
        description = {
            "Writes a version to a folder, verified, with its model card as README.md.",
            "The card is not part of the announced version, whose digest says base, experts and recipe alone.",
            "A README.md that came with the base becomes README.base.md."
        },
        footer = {
            "%nExample:",
            "  koine export --model whisper --out ./whisper-small-koine",
            "  koine export --model whisper --format hf --store ./koine-data/store --out ./whisper-small-hf",
            "  koine export --format hf --base ./whisper-onnx --checkpoint ./whisper --merged ./merged --out ./whisper-hf",
            "  koine export --model whisper --format peft --store ./koine-data/store --expert ca --out ./ca-adapter"
        })
public final class ExportCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Option(
            names = "--format",
            paramLabel = "onnx|hf|peft",
            description = {
                "onnx: the version's own files.",
                "hf: the folder that transformers loads: the base's checkpoint with the version's weights, and all that lay beside it.",
                "peft: a LoRA adapter of what is of low rank in an expert (--expert, --task-vector), or in all of the version.",
                "(default: ${DEFAULT-VALUE})"
            },
            defaultValue = "onnx")
    ExportFormat format;

    @ArgGroup(multiplicity = "1")
    Source source;

    @Mixin
    KafkaOptions kafka;

    @Option(
            names = "--rank",
            paramLabel = "N",
            description =
                    "peft of a version: rank of the adapter (default: ${DEFAULT-VALUE}); an expert's is its task vector's.",
            defaultValue = "16")
    int rank;

    @Option(names = "--base-model", paramLabel = "ID", description = "The base's name on the Hub, for the metadata.")
    @Nullable
    String baseModel;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "A new folder.")
    Path target;

    /** One of the two. */
    static final class Source {
        @ArgGroup(exclusive = false)
        @Nullable
        Version announced;

        @ArgGroup(exclusive = false)
        @Nullable
        FolderSource folders;
    }

    /** A version that was announced. */
    static final class Version {
        @Option(names = "--model", required = true, paramLabel = "ID", description = "Name of the model.")
        String modelId;

        @Option(names = "--model-version", paramLabel = "N", description = "The version (default: the newest).")
        @Nullable
        Long number;

        @Option(
                names = "--store",
                paramLabel = "PLACE",
                description = {
                    "hf, peft: the job's store, which has base, checkpoint and task vectors: a folder such as ./koine-data/store,",
                    "or s3://bucket/prefix/."
                },
                converter = PlaceConverter.class)
        @Nullable
        URI store;

        @Option(names = "--expert", paramLabel = "ID", description = "peft: one expert that is inside.")
        @Nullable
        String expertId;
    }

    @Override
    public Integer call() throws Exception {
        requireSense();
        try (NewFolder folder = NewFolder.at(target)) {
            Path out = folder.path();
            if (source.announced != null) {
                announced(source.announced, out);
            } else {
                offline(Objects.requireNonNull(source.folders), out);
            }
            folder.keep();
        }
        return ExitCode.OK;
    }

    private void requireSense() {
        @Nullable Version version = source.announced;
        @Nullable FolderSource folders = source.folders;
        if (format == ExportFormat.ONNX && folders != null) {
            throw wrong(
                    "--format onnx copies an announced version, --model; what koine merge has written is ONNX already.");
        }
        if (format != ExportFormat.ONNX && version != null && version.store == null) {
            throw wrong("--format " + word()
                    + " reads the base and its checkpoint from the job's store: name it with --store.");
        }
        boolean isExpert = version != null && version.expertId != null || folders != null && folders.isTaskVector();
        if (format != ExportFormat.PEFT && isExpert) {
            throw wrong("One expert by itself is exported as peft: --format peft.");
        }
        if (format == ExportFormat.PEFT && folders != null && folders.isMerged() == folders.isTaskVector()) {
            throw wrong("--format peft takes one of --merged and --task-vector.");
        }
        if (rank < 1) {
            throw wrong("The rank " + rank + " of --rank has to be 1 or more.");
        }
    }

    private ParameterException wrong(String sentence) {
        return new ParameterException(spec.commandLine(), sentence);
    }

    private String word() {
        return format.name().toLowerCase(Locale.ROOT);
    }

    private void announced(Version version, Path out) throws IOException, RejectedException {
        Announced.Found found = Announced.find(kafka, version.modelId, version.number);
        if (format == ExportFormat.ONNX) {
            Bundle bundle = Bundles.of(found.version());
            BundleVerifier.copyVerified(bundle, new StandaloneBundles(), out);
            card(found, out);
            print(
                    "Version %d of %s: %s and the card are in %s.%n",
                    found.version().getVersion(),
                    version.modelId,
                    Counted.of(bundle.files().size(), "file"),
                    out);
            return;
        }
        try (TemporaryFolder work = TemporaryFolder.create("koine-export");
                WorkPool pool = pool()) {
            URI place = Objects.requireNonNull(version.store);
            AnnouncedSource stored =
                    AnnouncedSource.open(found, place, work.path().resolve("cache"));
            MappedBase base = stored.base();
            print("Version %d of %s: ", found.version().getVersion(), version.modelId);
            if (format == ExportFormat.HF) {
                checkpoint(base, stored.version(), out);
            } else if (version.expertId != null) {
                tell(adapters(base, pool).write(stored.store(), stored.taskVector(version.expertId), out), out);
            } else {
                adapter(base, stored.version(), pool, out);
            }
            card(found, out);
        }
    }

    private void offline(FolderSource folders, Path out) throws IOException, RejectedException {
        try (ModelFolders models = new ModelFolders(spec.commandLine().getErr());
                WorkPool pool = pool()) {
            MappedBase base = folders.base(models, pool);
            Input input = folders.input();
            if (folders.isTaskVector()) {
                tell(input.read(() -> adapters(base, pool).write(folders.pieces(), out)), out);
                return;
            }
            ModelBundle version = folders.version(base, models);
            input.read(() -> {
                if (format == ExportFormat.HF) {
                    checkpoint(base, version, out);
                } else {
                    adapter(base, version, pool, out);
                }
                return version;
            });
        }
        CardFile.setAside(out);
    }

    private void checkpoint(MappedBase base, ModelBundle version, Path out) throws IOException, RejectedException {
        CheckpointExport.Written written = new CheckpointExport(base, progress()).write(version, out);
        ExportWords.tell(
                written, out, spec.commandLine().getOut(), spec.commandLine().getErr());
    }

    private void adapter(MappedBase base, ModelBundle version, WorkPool pool, Path out)
            throws IOException, RejectedException {
        try (DeviceDecomposition decomposition = DeviceDecomposition.open(Device.CPU)) {
            tell(adapters(base, pool).write(version, rank, decomposition, out), out);
        }
    }

    private AdapterExport adapters(MappedBase base, WorkPool pool) {
        return new AdapterExport(base, baseModel, pool, progress());
    }

    private static WorkPool pool() {
        return new WorkPool(Runtime.getRuntime().availableProcessors());
    }

    private void tell(AdapterExport.Written written, Path out) {
        ExportWords.tell(written, out, spec.commandLine().getOut());
    }

    private ProgressBar progress() {
        return new ProgressBar(spec.commandLine().getErr(), System.console() != null);
    }

    private void print(String format, Object... arguments) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf(format, arguments);
        out.flush();
    }

    private void card(Announced.Found found, Path folder) throws IOException {
        CardFile.write(folder, found.version(), found.first().orElse(null), baseModel);
    }
}
