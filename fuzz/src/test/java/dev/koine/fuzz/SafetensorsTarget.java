package dev.koine.fuzz;

import dev.koine.engine.RejectedException;
import dev.koine.engine.safetensors.Safetensors;
import dev.koine.engine.tensor.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A safetensors file; every tensor of a type that is read as numbers is read. */
public final class SafetensorsTarget {
    private static final Path FILE = Work.folder("safetensors").resolve("file.safetensors");
    private static final int CHUNK = 64;

    private SafetensorsTarget() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        Files.write(FILE, data);
        try (Safetensors file = Safetensors.open(FILE)) {
            file.metadata();
            byte[] bytes = new byte[CHUNK];
            for (TensorInfo entry : file.entries().values()) {
                if (entry.type().bytes() == 1) {
                    file.read(entry, 0, (int) Math.min(CHUNK, entry.numel()), bytes, 0);
                }
            }
        } catch (RejectedException refused) {
            EventTarget.requireMessage(refused);
        }
    }
}
