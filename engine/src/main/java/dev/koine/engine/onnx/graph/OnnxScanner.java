package dev.koine.engine.onnx.graph;

import dev.koine.engine.RejectedException;
import dev.koine.engine.onnx.wire.CanonicalText;
import dev.koine.engine.onnx.wire.HeapBudget;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.onnx.wire.WireMessage;
import dev.koine.engine.onnx.wire.WireSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Reads a model file into an {@link OnnxModel}: the graph with all subgraphs, and where each tensor lies. Walks the protobuf wire format
 * of {@code onnx.proto} (ONNX IR version 3 and later) itself, so that a file may have any size and its weights are never read.
 *
 * <p>Refused are sparse initializers, training information, and values that the graph's own messages hold twice; fields that ONNX adds
 * later are skipped.
 */
public final class OnnxScanner {
    private static final int DEEPEST_GRAPH = 16;
    private static final int ENTRY_COST = 120;

    private final WireSource source;
    private final String path;
    private final TensorScanner tensors;

    private OnnxScanner(WireSource source, Path directory, String path, boolean isOwn) {
        this.source = source;
        this.path = path;
        this.tensors = new TensorScanner(source, directory, path, isOwn);
    }

    /**
     * Reads the index of one model file of a bundle.
     *
     * @param directory the bundle's directory
     * @param path the file, relative to it, with forward slashes
     * @throws RejectedException NOT_ONNX if the bytes are not a model, or one that uses a refused part of the format; PLACE_NOT_ALLOWED
     *     or MISSING_FILE if its external data is elsewhere, a link, or not there
     * @throws IOException if the file cannot be read
     */
    public static OnnxModel scan(Path directory, String path) throws RejectedException, IOException {
        return scan(directory, path, new HeapBudget());
    }

    public static OnnxModel scan(Path directory, String path, HeapBudget budget) throws RejectedException, IOException {
        return scan(directory, path, budget, false);
    }

    /** As {@link #scan(Path, String)}, of a bundle that is a copy of our own making, whose files may be hard links. */
    public static OnnxModel scanOwn(Path directory, String path) throws RejectedException, IOException {
        return scan(directory, path, new HeapBudget(), true);
    }

    private static OnnxModel scan(Path directory, String path, HeapBudget budget, boolean isOwn)
            throws RejectedException, IOException {
        try (WireSource source = WireSource.open(path, directory.resolve(path), budget)) {
            return new OnnxScanner(source, directory, path, isOwn).model(source.root());
        }
    }

    /** {@code ModelProto}. The numbers here and below are those of fields in onnx.proto, by which the wire format knows them; they never change. */
    private OnnxModel model(WireMessage message) throws RejectedException, IOException {
        long irVersion = 0;
        String producer = "";
        String producerVersion = "";
        TreeMap<String, Long> opsets = new TreeMap<>();
        Map<String, String> metadata = new TreeMap<>();
        Map<String, Function> functions = new HashMap<>();
        Graph graph = null;
        while (message.next()) {
            switch (message.field()) {
                case 1 -> irVersion = message.number();
                case 2 -> producer = message.text();
                case 3 -> producerVersion = message.text();
                case 7 -> {
                    if (graph != null) {
                        throw message.broken("it holds two graphs");
                    }
                    graph = graph(message.message(), 1);
                }
                case 8 -> opset(message.message(), opsets);
                case 14 -> property(message.message(), metadata);
                case 20 -> throw message.broken("it holds training information; export it for inference");
                case 25 -> {
                    Function function = function(message.message());
                    if (functions.put(function.key(), function) != null) {
                        throw message.broken("it defines the function '"
                                + Quote.of(function.body().name()) + "' twice");
                    }
                }
                default -> {}
            }
        }
        tensors.requireWhole();
        if (graph == null || irVersion <= 0) {
            throw message.broken("it has no graph or no IR version");
        }
        return new OnnxModel(
                path, irVersion, (producer + " " + producerVersion).trim(), opsets, metadata, functions, graph);
    }

    /** {@code OperatorSetIdProto}. */
    private void opset(WireMessage message, Map<String, Long> opsets) throws RejectedException, IOException {
        source.spend(ENTRY_COST);
        String domain = "";
        long version = 0;
        while (message.next()) {
            switch (message.field()) {
                case 1 -> domain = message.text();
                case 2 -> version = message.number();
                default -> {}
            }
        }
        opsets.put(standard(domain), version);
    }

    private void property(WireMessage message, Map<String, String> metadata) throws RejectedException, IOException {
        source.spend(ENTRY_COST);
        Map.Entry<String, String> property = message.entry();
        metadata.put(property.getKey(), property.getValue());
    }

    /** {@code FunctionProto}. */
    private Function function(WireMessage message) throws RejectedException, IOException {
        source.spend(2 * ENTRY_COST);
        String name = "";
        String domain = "";
        String overload = "";
        List<ValueInfo> inputs = new ArrayList<>();
        List<ValueInfo> outputs = new ArrayList<>();
        List<Node> nodes = new ArrayList<>();
        Map<String, Attribute> defaults = new HashMap<>();
        TreeMap<String, Long> opsets = new TreeMap<>();
        while (message.next()) {
            switch (message.field()) {
                case 1 -> name = message.text();
                case 4 -> inputs.add(new ValueInfo(value(message), ""));
                case 5 -> outputs.add(new ValueInfo(value(message), ""));
                case 7 -> nodes.add(node(message.message(), 1));
                case 9 -> opset(message.message(), opsets);
                case 10 -> domain = standard(message.text());
                case 11 -> {
                    Attribute attribute = attribute(message.message(), 1);
                    defaults.put(attribute.name(), attribute);
                }
                case 13 -> overload = message.text();
                default -> {}
            }
        }
        Graph body = new Graph(name, nodes, List.of(), inputs, outputs);
        return new Function(Node.key(domain, name, overload), defaults, opsets, body);
    }

    /** {@code GraphProto}. */
    private Graph graph(WireMessage message, int depth) throws RejectedException, IOException {
        if (depth > DEEPEST_GRAPH) {
            throw message.broken("its subgraphs are nested more than " + DEEPEST_GRAPH + " deep");
        }
        source.spend(ENTRY_COST);
        String name = "";
        List<Node> nodes = new ArrayList<>();
        List<StoredTensor> initializers = new ArrayList<>();
        Set<String> names = new HashSet<>();
        List<ValueInfo> inputs = new ArrayList<>();
        List<ValueInfo> outputs = new ArrayList<>();
        while (message.next()) {
            switch (message.field()) {
                case 1 -> nodes.add(node(message.message(), depth));
                case 2 -> name = message.text();
                case 5 -> {
                    StoredTensor tensor = tensors.scan(message.message());
                    if (tensor.info().name().isEmpty()
                            || !names.add(tensor.info().name())) {
                        throw message.broken("two initializers have the name '"
                                + Quote.of(tensor.info().name()) + "', or one has none");
                    }
                    initializers.add(tensor);
                }
                case 11 -> inputs.add(valueInfo(message.message()));
                case 12 -> outputs.add(valueInfo(message.message()));
                case 15 -> throw message.broken("it holds sparse initializers; export it with dense ones");
                default -> {}
            }
        }
        return new Graph(name, nodes, initializers, inputs, outputs);
    }

    /** {@code ValueInfoProto}. */
    private ValueInfo valueInfo(WireMessage message) throws RejectedException, IOException {
        source.spend(ENTRY_COST);
        String name = "";
        String type = "";
        while (message.next()) {
            switch (message.field()) {
                case 1 -> name = message.text();
                case 2 -> type = TypeText.of(message.message(), source);
                default -> {}
            }
        }
        return new ValueInfo(name, type);
    }

    /** {@code NodeProto}. */
    private Node node(WireMessage message, int depth) throws RejectedException, IOException {
        source.spend(2 * ENTRY_COST);
        List<String> inputs = new ArrayList<>();
        List<String> outputs = new ArrayList<>();
        List<Attribute> attributes = new ArrayList<>();
        Set<String> names = new HashSet<>();
        String name = "";
        String opType = "";
        String domain = "";
        String overload = "";
        while (message.next()) {
            switch (message.field()) {
                case 1 -> inputs.add(value(message));
                case 2 -> outputs.add(value(message));
                case 3 -> name = message.text();
                case 4 -> opType = message.text();
                case 5 -> {
                    Attribute attribute = attribute(message.message(), depth);
                    if (!names.add(attribute.name())) {
                        throw message.broken("a node has two attributes '" + Quote.of(attribute.name()) + "'");
                    }
                    attributes.add(attribute);
                }
                case 7 -> domain = standard(message.text());
                case 8 -> overload = message.text();
                default -> {}
            }
        }
        attributes.sort(Comparator.comparing(Attribute::name));
        return new Node(opType, domain, overload, name, inputs, outputs, attributes);
    }

    private String value(WireMessage message) throws RejectedException, IOException {
        source.spend(ENTRY_COST);
        return message.text();
    }

    /** {@code AttributeProto}: one number and its plural a type, so 2 and 7 are a float and floats, 3 and 8 integers, and so on. */
    private Attribute attribute(WireMessage message, int depth) throws RejectedException, IOException {
        source.spend(ENTRY_COST);
        String name = "";
        String reference = "";
        long type = 0;
        CanonicalText value = new CanonicalText();
        List<StoredTensor> stored = new ArrayList<>();
        List<Graph> graphs = new ArrayList<>();
        while (message.next()) {
            int field = message.field();
            switch (field) {
                case 1 -> name = message.text();
                case 2, 7 -> message.fixed32s(bits -> value.append(field + ":" + bits + ";"));
                case 3, 8 -> message.numbers(number -> value.append(field + ":" + number + ";"));
                case 4, 9 -> value.append(field + ":" + string(message) + ";");
                case 5, 10 -> stored.add(tensors.scan(message.message()));
                case 6, 11 -> graphs.add(graph(message.message(), depth + 1));
                case 14, 15 -> value.append(field + ":" + TypeText.of(message.message(), source) + ";");
                case 20 -> type = message.number();
                case 21 -> reference = message.text();
                case 22, 23 -> throw message.broken("it holds sparse tensors; export it with dense ones");
                default -> {}
            }
        }
        return new Attribute(name, (int) type, value.text(), stored, graphs, reference);
    }

    private static String string(WireMessage message) throws RejectedException, IOException {
        var digest = CanonicalText.sha256();
        message.digest(digest);
        return message.length() + "/" + HexFormat.of().formatHex(digest.digest());
    }

    private static String standard(String domain) {
        return domain.equals("ai.onnx") ? "" : domain;
    }
}
