package dev.koine.fuzz;

import dev.koine.engine.RejectedException;
import dev.koine.engine.taskvector.TaskVectorFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A compressed task vector; every block is read. */
public final class TaskVectorTarget {
    private static final Path FILE = Work.folder("task-vector").resolve("file.safetensors");
    private static final int MOST = 1 << 16;

    private TaskVectorTarget() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        Files.write(FILE, data);
        try (TaskVectorFile file = TaskVectorFile.open(FILE)) {
            for (TaskVectorFile.Entry block : file.blocks()) {
                if (block.numel() <= MOST) {
                    file.read(block);
                }
            }
        } catch (RejectedException refused) {
            EventTarget.requireMessage(refused);
        }
    }
}
