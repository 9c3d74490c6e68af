package dev.koine.cli.option;

import dev.koine.cli.folder.ModelFolders;
import dev.koine.cli.folder.PassedOver;
import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.engine.onnx.ModelBundle;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The base that experts are put into. */
public final class BaseOption {
    @Option(
            names = "--base",
            required = true,
            paramLabel = "DIR",
            description = "Folder with the base, an ONNX export.",
            converter = FolderConverter.class)
    public Path folder;

    /** What messages call it. */
    public Input input() {
        return Input.base(folder);
    }

    /** Opens a base of floats whose files are all there, and says what of the folder is passed over. */
    public ModelBundle open(ModelFolders folders, PrintWriter err) throws RejectedException, IOException {
        return input().read(() -> {
            Path readable = folders.of(folder);
            ModelBundle opened = ModelBundle.openWithoutStrays(readable);
            opened.requireFloat("base");
            opened.requireFetched();
            PassedOver.tell(readable, err);
            return opened;
        });
    }
}
