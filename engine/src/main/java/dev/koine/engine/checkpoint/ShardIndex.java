package dev.koine.engine.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.tensor.TensorInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which shard of a checkpoint holds which tensor: the object {@code weight_map} of {@code model.safetensors.index.json}, from tensor to file.
 *
 * @param shards by tensor
 */
record ShardIndex(SortedMap<String, String> shards) {
    static final String FILE = "model.safetensors.index.json";

    private static final String AGAIN = " Save the model again with save_pretrained, and take all of its files.";

    static ShardIndex read(Path file) throws RejectedException, IOException {
        JsonNode map = JsonFile.object(file, RejectionCode.NOT_SAFETENSORS).path("weight_map");
        SortedMap<String, String> shards = new TreeMap<>();
        for (Map.Entry<String, JsonNode> entry : map.properties()) {
            String shard = entry.getValue().asText("");
            if (!entry.getValue().isTextual() || !shard.endsWith(".safetensors") || !isPlain(shard)) {
                throw malformed("says that '" + Quote.of(entry.getKey()) + "' lies in "
                        + Quote.of(entry.getValue().toString()) + ", which is no safetensors file of this folder");
            }
            shards.put(entry.getKey(), shard);
        }
        return new ShardIndex(shards);
    }

    /** Adds the tensors of all shards; each shard has to hold those that the index says, and no more. */
    void addTo(SortedMap<String, TensorInfo> tensors, Path directory, List<String> files)
            throws RejectedException, IOException {
        for (String shard : new TreeSet<>(shards.values())) {
            if (!files.contains(shard)) {
                throw new RejectedException(
                        RejectionCode.MISSING_FILE,
                        "The shard '" + Quote.of(shard) + "', which " + FILE + " names, is not in the folder. Add it.");
            }
            for (TensorInfo tensor :
                    Checkpoint.tensors(directory.resolve(shard)).values()) {
                if (!shard.equals(shards.get(tensor.name()))) {
                    throw malformed("does not say that '" + Quote.of(tensor.name()) + "' lies in " + Quote.of(shard)
                            + ", and it does");
                }
                tensors.put(tensor.name(), tensor);
            }
        }
        for (Map.Entry<String, String> entry : shards.entrySet()) {
            if (!tensors.containsKey(entry.getKey())) {
                throw malformed("says that '" + Quote.of(entry.getKey()) + "' lies in " + Quote.of(entry.getValue())
                        + ", and it does not");
            }
        }
    }

    private static boolean isPlain(String name) {
        return name.length() < 256 && name.indexOf('/') < 0 && name.indexOf('\\') < 0 && name.indexOf('\0') < 0;
    }

    private static RejectedException malformed(String what) {
        return new RejectedException(RejectionCode.NOT_SAFETENSORS, "The file " + FILE + " " + what + "." + AGAIN);
    }
}
