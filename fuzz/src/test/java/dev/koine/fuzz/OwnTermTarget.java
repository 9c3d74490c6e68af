package dev.koine.fuzz;

import dev.koine.engine.RejectedException;
import dev.koine.engine.own.OwnTerm;
import dev.koine.engine.taskvector.TaskVectorFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A language's own term; every block is read. */
public final class OwnTermTarget {
    private static final Path FILE = Work.folder("own-term").resolve("file.safetensors");
    private static final int MOST = 1 << 16;

    private OwnTermTarget() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        Files.write(FILE, data);
        try (OwnTerm term = OwnTerm.open(FILE)) {
            if (term.rank() > OwnTerm.MOST_RANK) {
                throw new AssertionError("a rank of " + term.rank());
            }
            for (TaskVectorFile.Entry block : term.blocks()) {
                if (block.numel() <= MOST) {
                    term.read(block);
                }
            }
        } catch (RejectedException refused) {
            EventTarget.requireMessage(refused);
        }
    }
}
