package dev.koine.follower.triton;

import dev.koine.engine.RejectedException;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.onnx.graph.Attribute;
import dev.koine.engine.onnx.graph.Graph;
import dev.koine.engine.onnx.graph.Node;
import dev.koine.engine.onnx.graph.OnnxModel;
import dev.koine.engine.onnx.graph.OnnxScanner;
import dev.koine.engine.onnx.graph.StoredTensor;
import dev.koine.engine.onnx.graph.ValueInfo;
import dev.koine.follower.Step.StepFailedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * One ONNX file of a version, which is one model for Triton.
 *
 * @param path of the file, relative to the version, without {@code .onnx}
 * @param files by the name that Triton finds them by, in the folder of its version: {@code model.onnx}; or, where tensors lie in files beside it, a folder
 *     {@code model.onnx} with {@code model.onnx} and those ("Model Repository", ONNX models)
 */
record ModelFile(String path, SortedMap<String, Path> files, List<Port> inputs, List<Port> outputs) {
    private static final String SUFFIX = ".onnx";
    private static final String MODEL = "model.onnx";

    /**
     * All of a version, sorted.
     *
     * @throws StepFailedException if there is none, or one that Triton does not serve
     */
    static List<ModelFile> of(Path directory) throws StepFailedException, IOException {
        List<String> found = FileTree.files(directory).stream()
                .map(file -> directory.relativize(file).toString())
                .filter(file -> file.endsWith(SUFFIX))
                .sorted()
                .toList();
        if (found.isEmpty()) {
            throw new StepFailedException(
                    "There is no .onnx file in " + directory + ", so Triton has nothing to serve.");
        }
        List<ModelFile> files = new ArrayList<>();
        for (String file : found) {
            files.add(of(directory, file));
        }
        return files;
    }

    private static ModelFile of(Path directory, String file) throws StepFailedException, IOException {
        OnnxModel model;
        try {
            model = OnnxScanner.scanOwn(directory, file);
        } catch (RejectedException e) {
            throw new StepFailedException(String.valueOf(e.getMessage()));
        }
        Set<String> weights = model.graph().initializers().stream()
                .map(tensor -> tensor.info().name())
                .collect(Collectors.toSet());
        List<ValueInfo> given = model.graph().inputs().stream()
                .filter(input -> !weights.contains(input.name()))
                .toList();
        return new ModelFile(
                file.substring(0, file.length() - SUFFIX.length()),
                files(directory.resolve(file), model),
                ports(file, given),
                ports(file, model.graph().outputs()));
    }

    private static List<Port> ports(String file, List<ValueInfo> values) throws StepFailedException {
        List<Port> ports = new ArrayList<>();
        for (ValueInfo value : values) {
            ports.add(Port.of(file, value));
        }
        return List.copyOf(ports);
    }

    private static SortedMap<String, Path> files(Path main, OnnxModel model) {
        Set<Path> data = new TreeSet<>();
        collect(model.graph(), data);
        model.functions().values().forEach(function -> collect(function.body(), data));
        data.remove(main);
        SortedMap<String, Path> files = new TreeMap<>();
        if (data.isEmpty()) {
            files.put(MODEL, main);
            return files;
        }
        files.put(MODEL + "/" + MODEL, main);
        for (Path file : data) {
            files.put(MODEL + "/" + main.resolveSibling("").relativize(file), file);
        }
        return files;
    }

    private static void collect(Graph graph, Set<Path> data) {
        graph.initializers().forEach(tensor -> collect(tensor, data));
        for (Node node : graph.nodes()) {
            for (Attribute attribute : node.attributes()) {
                attribute.tensors().forEach(tensor -> collect(tensor, data));
                attribute.graphs().forEach(body -> collect(body, data));
            }
        }
    }

    private static void collect(StoredTensor tensor, Set<Path> data) {
        data.add(tensor.info().file());
    }
}
