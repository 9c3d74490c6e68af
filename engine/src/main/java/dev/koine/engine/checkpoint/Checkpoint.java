package dev.koine.engine.checkpoint;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.safetensors.Safetensors;
import dev.koine.engine.tensor.TensorInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A trained model in a folder as transformers' {@code save_pretrained} leaves it, as an index: {@code model.safetensors}, or shards and
 * {@code model.safetensors.index.json}. Holds no weights. The files must not change while it is in use.
 *
 * @param directory that holds it
 * @param tensors by name: where each lies, in its own element type
 */
public record Checkpoint(Path directory, SortedMap<String, TensorInfo> tensors) {
    /** The file of a checkpoint that is in one. */
    static final String FILE = "model.safetensors";

    public Checkpoint {
        tensors = Collections.unmodifiableSortedMap(new TreeMap<>(tensors));
    }

    /**
     * Indexes a checkpoint.
     *
     * @param directory a folder without links, as bundles are
     * @param files in it, relative with forward slashes
     * @throws RejectedException NOT_SAFETENSORS if a file or the index is malformed, or a shard has other tensors than the index says;
     *     MISSING_FILE if a shard is not there
     */
    public static Checkpoint open(Path directory, List<String> files) throws RejectedException, IOException {
        TreeMap<String, TensorInfo> tensors = new TreeMap<>();
        if (files.contains(ShardIndex.FILE) && !files.contains(FILE)) {
            ShardIndex.read(directory.resolve(ShardIndex.FILE)).addTo(tensors, directory, files);
        } else {
            tensors.putAll(tensors(directory.resolve(FILE)));
        }
        if (tensors.isEmpty()) {
            throw new RejectedException(
                    RejectionCode.NOT_SAFETENSORS,
                    "The checkpoint holds no tensor. Save the trained model with save_pretrained, and name that folder.");
        }
        return new Checkpoint(directory, tensors);
    }

    /** Whether a folder with these files holds a checkpoint. */
    public static boolean isIn(List<String> files) {
        return files.contains(FILE) || files.contains(ShardIndex.FILE);
    }

    static SortedMap<String, TensorInfo> tensors(Path file) throws RejectedException, IOException {
        try (Safetensors opened = Safetensors.open(file)) {
            return new TreeMap<>(opened.entries());
        }
    }

    /** What a message says of a tensor: its name, type and shape. */
    static String describe(TensorInfo tensor) {
        return "'" + Quote.of(tensor.name()) + "' (" + tensor.type() + " " + tensor.shape() + ")";
    }
}
