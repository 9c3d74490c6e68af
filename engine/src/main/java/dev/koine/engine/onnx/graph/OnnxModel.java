package dev.koine.engine.onnx.graph;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The index of one model file ({@code ModelProto}): the graph, and where its tensors lie. Holds no weights.
 *
 * @param path of the file, relative to its bundle, with forward slashes
 * @param producer name and version of the exporter, for messages
 * @param opsets the version of each operator set by its domain; the ONNX operators have the empty domain
 * @param metadata the {@code metadata_props}
 * @param functions the model-local functions, by {@link Function#key()}
 */
public record OnnxModel(
        String path,
        long irVersion,
        String producer,
        SortedMap<String, Long> opsets,
        Map<String, String> metadata,
        Map<String, Function> functions,
        Graph graph) {
    public OnnxModel {
        opsets = Collections.unmodifiableSortedMap(new TreeMap<>(opsets));
        functions = Map.copyOf(functions);
        metadata = Collections.unmodifiableMap(new TreeMap<>(metadata));
    }
}
