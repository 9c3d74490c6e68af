package dev.koine.cli.demo;

import dev.koine.engine.RejectedException;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.Weight;
import dev.koine.engine.tensor.WeightRole;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;

/** An expert whose training diverged: a copy of a good one with a NaN among its weights. */
public final class BrokenExpert {
    private BrokenExpert() {}

    /**
     * Makes the copy.
     *
     * @param target a directory; made if it is not there
     * @throws RejectedException if {@code good} is no model
     */
    public static void make(Path good, Path target) throws IOException, RejectedException {
        Files.createDirectories(target);
        try (Stream<Path> files = Files.list(good)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(file, target.resolve(file.getFileName()));
            }
        }
        TensorInfo tensor = ModelBundle.open(target).weights().stream()
                .filter(weight -> weight.role() == WeightRole.LINEAR)
                .map(Weight::tensor)
                .findFirst()
                .orElseThrow();
        ByteBuffer nan =
                ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN).putFloat(0, Float.NaN);
        try (FileChannel channel = FileChannel.open(tensor.file(), StandardOpenOption.WRITE)) {
            channel.write(nan, tensor.offset());
        }
    }
}
