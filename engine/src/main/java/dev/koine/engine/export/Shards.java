package dev.koine.engine.export;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.koine.engine.tensor.TensorInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/**
 * How the tensors of a checkpoint are spread over files, as transformers names and reads them: one file up to a size, else shards and an index
 * of what lies where.
 *
 * @param files the tensors of each, at least one
 */
record Shards(List<List<TensorInfo>> files) {
    private static final String ONE = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";
    private static final JsonMapper JSON = new JsonMapper();

    Shards {
        files = files.stream().map(List::copyOf).toList();
    }

    /**
     * Fills file after file.
     *
     * @param most bytes of tensors in a file; a tensor with more has one of its own
     */
    static Shards of(Collection<TensorInfo> tensors, long most) {
        List<List<TensorInfo>> files = new ArrayList<>();
        List<TensorInfo> open = new ArrayList<>();
        long bytes = 0;
        for (TensorInfo tensor : tensors) {
            if (!open.isEmpty() && bytes + tensor.length() > most) {
                files.add(open);
                open = new ArrayList<>();
                bytes = 0;
            }
            open.add(tensor);
            bytes += tensor.length();
        }
        files.add(open);
        return new Shards(files);
    }

    String name(int file) {
        return files.size() == 1
                ? ONE
                : String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", file + 1, files.size());
    }

    long bytes() {
        return files.stream()
                .flatMap(List::stream)
                .mapToLong(TensorInfo::length)
                .sum();
    }

    /** Writes the index, where there is more than one file. */
    void writeIndex(Path directory) throws IOException {
        if (files.size() == 1) {
            return;
        }
        ObjectNode index = JSON.createObjectNode();
        index.putObject("metadata").put("total_size", bytes());
        ObjectNode map = index.putObject("weight_map");
        for (int i = 0; i < files.size(); i++) {
            for (TensorInfo tensor : files.get(i)) {
                map.put(tensor.name(), name(i));
            }
        }
        JSON.writerWithDefaultPrettyPrinter()
                .writeValue(directory.resolve(INDEX).toFile(), index);
    }
}
