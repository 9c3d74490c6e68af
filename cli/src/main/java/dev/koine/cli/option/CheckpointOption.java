package dev.koine.cli.option;

import dev.koine.cli.folder.ModelFolders;
import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.checkpoint.ExpertFolder;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.onnx.ModelBundle;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The checkpoint that a base was exported from. */
public final class CheckpointOption {
    @Option(
            names = "--checkpoint",
            paramLabel = "DIR",
            description =
                    "Folder with the checkpoint that the base was exported from (safetensors, as save_pretrained leaves it): experts may then"
                            + " be checkpoints and LoRA adapters, too.",
            converter = FolderConverter.class)
    public @Nullable Path folder;

    /** The base with its checkpoint, and says what the map between them leaves out; null without the option. */
    public @Nullable MappedBase map(ModelBundle base, ModelFolders folders, WorkPool pool, PrintWriter err)
            throws RejectedException, IOException {
        if (folder == null) {
            return null;
        }
        Path readable = folders.of(folder);
        MappedBase mapped = new Input("The checkpoint (" + folder + ")")
                .read(() -> MappedBase.map(base, ExpertFolder.openWithoutStrays(readable), pool));
        if (!mapped.map().unmapped().isEmpty()) {
            err.printf(
                    "%d of the checkpoint's %d tensors stand nowhere in the graph as they are, such as %s: an expert that changes one is"
                            + " refused.%n",
                    mapped.map().unmapped().size(),
                    mapped.checkpoint().tensors().size(),
                    mapped.map().unmapped().get(0));
        }
        return mapped;
    }
}
