package dev.koine.testkit.triton;

import dev.koine.engine.RejectedException;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.onnx.graph.OnnxModel;
import dev.koine.engine.onnx.graph.OnnxScanner;
import dev.koine.engine.onnx.graph.ValueInfo;
import dev.koine.testkit.triton.TextFormat.Message;
import dev.koine.testkit.triton.TextFormat.Word;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A version that the stand-in has loaded: a copy of its files, as a server has them in memory, and what its configuration says of it.
 *
 * @param model the copy of its model file
 * @param inputs by name, such as {@code FP32[-1, 4]}
 */
record LoadedVersion(long version, Path model, Map<String, Shape> inputs) {
    private static final Map<String, String> TYPES = Map.ofEntries(
            Map.entry("FLOAT", "FP32"),
            Map.entry("FLOAT16", "FP16"),
            Map.entry("DOUBLE", "FP64"),
            Map.entry("INT64", "INT64"),
            Map.entry("INT32", "INT32"),
            Map.entry("BOOL", "BOOL"));

    /** What a tensor is. */
    record Shape(String type, List<Long> dims) {
        boolean takes(String otherType, List<Long> sizes) {
            boolean takes = type.equals(otherType) && dims.size() == sizes.size();
            for (int i = 0; takes && i < dims.size(); i++) {
                takes = dims.get(i) == -1 || dims.get(i).equals(sizes.get(i));
            }
            return takes;
        }
    }

    /**
     * Loads what the configuration of a model says.
     *
     * @throws IllegalArgumentException if the documents do not allow it
     */
    static LoadedVersion load(Path directory, Path memory) throws IOException {
        Message config = TextFormat.parse(Files.readString(directory.resolve("config.pbtxt")));
        config.requireOnly(
                "name",
                "backend",
                "default_model_filename",
                "max_batch_size",
                "version_policy",
                "input",
                "output",
                "instance_group");
        require(config.one("name").equals(directory.getFileName().toString()), "the name is not that of the folder");
        require(config.one("backend").equals("onnxruntime"), "the backend is not known");
        require(config.one("max_batch_size").equals(0L), "max_batch_size is not 0");
        instances(config);
        Message policy = (Message) ((Message) config.one("version_policy")).one("specific");
        policy.requireOnly("versions");
        long version = (Long) policy.one("versions");
        Path files = directory.resolve(String.valueOf(version));
        require(version > 0 && Files.isDirectory(files), "there is no version " + version);
        for (Path file : FileTree.files(files)) {
            Path to = memory.resolve(files.relativize(file).toString());
            Files.createDirectories(to.resolveSibling(""));
            Files.copy(file, to);
        }
        Path model = memory.resolve((String) config.one("default_model_filename"));
        Path main = Files.isDirectory(model) ? model.resolve("model.onnx") : model;
        return new LoadedVersion(version, main, agreed(config, main));
    }

    private static void instances(Message config) {
        for (Object group : config.all("instance_group")) {
            Message instances = (Message) group;
            instances.requireOnly("count", "kind");
            require((Long) instances.one("count") > 0, "there are no instances");
            Word kind = (Word) instances.one("kind");
            require(List.of("KIND_AUTO", "KIND_CPU", "KIND_GPU").contains(kind.text()), "the kind is not known");
        }
    }

    private static Map<String, Shape> agreed(Message config, Path main) throws IOException {
        OnnxModel onnx;
        try {
            onnx = OnnxScanner.scan(main.resolveSibling(""), main.getFileName().toString());
        } catch (RejectedException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        Map<String, Shape> inputs = ports(config.all("input"));
        require(inputs.equals(shapes(onnx.graph().inputs())), "the inputs are not those of the model");
        require(
                ports(config.all("output")).equals(shapes(onnx.graph().outputs())),
                "the outputs are not those of the model");
        return inputs;
    }

    private static Map<String, Shape> ports(List<Object> configured) {
        Map<String, Shape> ports = new TreeMap<>();
        for (Object entry : configured) {
            Message port = (Message) entry;
            port.requireOnly("name", "data_type", "dims", "reshape");
            List<Long> dims = port.all("dims").stream().map(Long.class::cast).toList();
            require(!dims.isEmpty(), "dims are empty");
            if (!port.all("reshape").isEmpty()) {
                Message reshape = (Message) port.one("reshape");
                require(reshape.all("shape").isEmpty() && dims.equals(List.of(1L)), "the reshape is not of a scalar");
            }
            Word type = (Word) port.one("data_type");
            require(type.text().startsWith("TYPE_"), "the data type is not known");
            Shape twice =
                    ports.put((String) port.one("name"), new Shape(type.text().substring(5), dims));
            require(twice == null, "a tensor is configured twice");
        }
        return ports;
    }

    private static Map<String, Shape> shapes(List<ValueInfo> values) {
        Map<String, Shape> shapes = new TreeMap<>();
        for (ValueInfo value : values) {
            String[] parts = value.type().split("[()\\[\\]]+");
            List<Long> dims = new ArrayList<>();
            for (String size : parts.length < 3 ? new String[] {"1"} : parts[2].split(",")) {
                dims.add(size.equals("?") ? -1 : Long.parseLong(size));
            }
            shapes.put(value.name(), new Shape(TYPES.getOrDefault(parts[1], "?"), dims));
        }
        return shapes;
    }

    private static void require(boolean isSo, String otherwise) {
        if (!isSo) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
