package dev.koine.cli.export;

import dev.koine.cli.folder.Folders;
import dev.koine.cli.folder.ModelFolders;
import dev.koine.cli.option.FolderConverter;
import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.WorkPool;
import dev.koine.engine.checkpoint.ExpertFolder;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.onnx.ModelBundle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A base, its checkpoint, and what was merged from it, in folders on this machine. */
public final class FolderSource {
    @Option(
            names = "--base",
            required = true,
            paramLabel = "DIR",
            description = "Without a broker: folder with the base, an ONNX export.",
            converter = FolderConverter.class)
    Path base;

    @Option(
            names = "--checkpoint",
            required = true,
            paramLabel = "DIR",
            description = "Folder with the checkpoint that the base was exported from.",
            converter = FolderConverter.class)
    Path checkpoint;

    @Option(
            names = "--merged",
            paramLabel = "DIR",
            description = "Folder with what was merged from the base (hf: the base itself, if left out).",
            converter = FolderConverter.class)
    @Nullable
    Path merged;

    @Option(
            names = "--task-vector",
            paramLabel = "DIR",
            description = "peft: folder with one expert's task vector, as koine merge --task-vectors keeps it.",
            converter = FolderConverter.class)
    @Nullable
    Path taskVector;

    /** A base and its checkpoint by themselves. */
    public static FolderSource of(Path base, Path checkpoint) {
        FolderSource source = new FolderSource();
        source.base = base;
        source.checkpoint = checkpoint;
        return source;
    }

    /** The base with its checkpoint. */
    public MappedBase base(ModelFolders folders, WorkPool pool) throws RejectedException, IOException {
        ModelBundle opened =
                Input.base(base).read(() -> ModelBundle.openWithoutStrays(folders.of(Folders.requireFolder(base))));
        return new Input("The checkpoint (" + checkpoint + ")")
                .read(() -> MappedBase.map(
                        opened, ExpertFolder.openWithoutStrays(folders.of(Folders.requireFolder(checkpoint))), pool));
    }

    public boolean isMerged() {
        return merged != null;
    }

    /** What was merged; the base itself, if nothing is named. */
    public ModelBundle version(MappedBase mapped, ModelFolders folders) throws RejectedException, IOException {
        if (merged == null) {
            return mapped.model();
        }
        Path folder = merged;
        return input().read(() -> ModelBundle.openWithoutStrays(folders.of(Folders.requireFolder(folder))));
    }

    /** What messages call what is exported. */
    public Input input() {
        return new Input("The model " + (taskVector != null ? taskVector : merged != null ? merged : base));
    }

    public boolean isTaskVector() {
        return taskVector != null;
    }

    /** The files of the task vector. */
    public List<Path> pieces() throws RejectedException, IOException {
        Path folder = Objects.requireNonNull(taskVector);
        try (Stream<Path> files = Files.list(Folders.requireFolder(folder))) {
            List<Path> pieces = files.filter(file -> file.toString().endsWith(".safetensors"))
                    .sorted()
                    .toList();
            if (pieces.isEmpty()) {
                throw new RejectedException(
                        RejectionCode.MISSING_FILE,
                        "There is no task vector in " + folder
                                + ": koine merge --task-vectors keeps those of its experts in folders, of which one is to be named.");
            }
            return pieces;
        }
    }
}
