package dev.koine.engine.onnx;

import dev.koine.engine.RejectedException;
import dev.koine.engine.onnx.graph.BundleFiles;
import dev.koine.engine.onnx.graph.OnnxModel;
import dev.koine.engine.onnx.graph.OnnxScanner;
import dev.koine.engine.onnx.graph.StoredTensor;
import dev.koine.engine.onnx.graph.TensorBytes;
import dev.koine.engine.onnx.wire.HeapBudget;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.onnx.wire.WireMessage;
import dev.koine.engine.onnx.wiring.Overlaps;
import dev.koine.engine.onnx.wiring.QuantizedNodes;
import dev.koine.engine.onnx.wiring.Roles;
import dev.koine.engine.onnx.wiring.Wiring;
import dev.koine.engine.onnx.wiring.Wiring.Scope;
import dev.koine.engine.onnx.wiring.Wiring.Step;
import dev.koine.engine.onnx.wiring.Wiring.Value;
import dev.koine.engine.tensor.Weight;
import dev.koine.engine.tensor.WeightRole;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A speech model in a directory, as an index: its {@code .onnx} files, what their graphs do, and where each weight lies. Holds no
 * weights, so its heap grows with the graphs alone. The files must not change while it is in use.
 */
public final class ModelBundle {
    private final Path directory;
    private final List<String> files;
    private final List<Wiring> wirings;
    private final Map<Value, Weight> weights;
    private final Optional<String> quantization;

    private ModelBundle(Path directory, List<String> files, List<Wiring> wirings, Map<Value, Weight> weights) {
        this.directory = directory;
        this.files = files;
        this.wirings = wirings;
        this.weights = weights;
        this.quantization = wirings.stream()
                .map(QuantizedNodes::firstOf)
                .flatMap(Optional::stream)
                .findFirst();
    }

    /**
     * Indexes a bundle.
     *
     * @throws RejectedException NOT_ONNX if there is no {@code .onnx} file or one is not a readable model; PLACE_NOT_ALLOWED if a link
     *     stands in the directory or external data is outside it; MISSING_FILE if external data is not there
     * @throws IOException if the directory or a file cannot be read
     */
    public static ModelBundle open(Path directory) throws RejectedException, IOException {
        return open(directory, true);
    }

    /**
     * As {@link #open}, without the {@link dev.koine.engine.file.Strays strays} in a folder that a user names, as
     * {@link dev.koine.engine.store.Bundle#describeWithoutStrays} has it.
     */
    public static ModelBundle openWithoutStrays(Path directory) throws RejectedException, IOException {
        return open(directory, false);
    }

    private static ModelBundle open(Path directory, boolean withStrays) throws RejectedException, IOException {
        Path root = BundleFiles.root(directory);
        List<String> files = BundleFiles.list(root, withStrays);
        List<Wiring> wirings = new ArrayList<>();
        HeapBudget budget = new HeapBudget();
        for (String file : files) {
            if (file.endsWith(".onnx")) {
                wirings.add(Wiring.of(OnnxScanner.scan(root, file, budget), budget));
            }
        }
        if (wirings.isEmpty()) {
            throw FolderKind.refusal(root, files);
        }
        Overlaps.refuse(wirings);
        return new ModelBundle(root, files, List.copyOf(wirings), weights(wirings));
    }

    public Path directory() {
        return directory;
    }

    /** All files, relative to the directory with forward slashes, sorted. */
    public List<String> files() {
        return files;
    }

    /** The model files, sorted by path. */
    public List<OnnxModel> models() {
        return wirings.stream().map(Wiring::model).toList();
    }

    /**
     * The mergeable tensors that the graphs use, in the order of the files and, in a file, of their first use. A tensor that nothing
     * uses is none of them.
     */
    public List<Weight> weights() {
        return List.copyOf(weights.values());
    }

    /** The first node that shows that weights are quantised to integers; empty for a float model. */
    public Optional<String> quantization() {
        return quantization;
    }

    /**
     * Requires that no weight is quantised to integers.
     *
     * @param which {@code base} or {@code expert}, for the message
     * @throws RejectedException QUANTIZED, with the files to take out where the folder holds a float model too
     */
    public void requireFloat(String which) throws RejectedException {
        FloatOnly.require(which, this);
    }

    /**
     * Requires that no configuration, vocabulary or tokenizer beside the models is a Git LFS pointer.
     *
     * @throws RejectedException MISSING_FILE for the first that is
     */
    public void requireFetched() throws RejectedException {
        BundleFiles.requireFetched(directory, files);
    }

    public List<Wiring> wirings() {
        return wirings;
    }

    public Map<Value, Weight> weightsByValue() {
        return weights;
    }

    private static Map<Value, Weight> weights(List<Wiring> wirings) throws RejectedException, IOException {
        Map<Value, String> positions = new LinkedHashMap<>();
        Map<Value, String> files = new IdentityHashMap<>();
        for (Wiring wiring : wirings) {
            String file = wiring.model().path();
            Map<Value, String> used = new LinkedHashMap<>();
            collect(wiring.root(), file, used);
            used.keySet().forEach(value -> files.put(value, file));
            positions.putAll(used);
        }
        Map<Value, WeightRole> roles;
        try (TensorBytes bytes = new TensorBytes()) {
            roles = Roles.of(List.copyOf(positions.keySet()), bytes);
        }
        Map<Value, Weight> weights = new LinkedHashMap<>();
        Map<String, Value> keys = new HashMap<>();
        for (Map.Entry<Value, String> entry : positions.entrySet()) {
            Value value = entry.getKey();
            StoredTensor tensor = value.tensor();
            String file = files.getOrDefault(value, "");
            String key = file + "/" + value.path() + value.name();
            if (tensor == null || keys.put(key, value) != null) {
                throw WireMessage.notOnnx(file, "two tensors share the key '" + Quote.of(key) + "'");
            }
            WeightRole role = roles.getOrDefault(value, WeightRole.OTHER);
            weights.put(value, new Weight(key, tensor.info(), entry.getValue(), role));
        }
        return Collections.unmodifiableMap(weights);
    }

    private static void collect(Scope scope, String file, Map<Value, String> positions) {
        for (Step step : scope.steps()) {
            for (int i = 0; i < step.inputs().size(); i++) {
                Value value = step.inputs().get(i);
                if (value != null) {
                    collect(value, file + ":" + step.label() + ":" + i, positions);
                }
            }
            for (Scope body : step.bodies()) {
                collect(body, file, positions);
            }
        }
        for (int i = 0; i < scope.outputs().size(); i++) {
            collect(scope.outputs().get(i), file + ":" + scope.path() + "output:" + i, positions);
        }
    }

    private static void collect(Value value, String position, Map<Value, String> positions) {
        StoredTensor tensor = value.tensor();
        if (tensor != null && tensor.isMergeable()) {
            positions.putIfAbsent(value, position);
        }
    }
}
