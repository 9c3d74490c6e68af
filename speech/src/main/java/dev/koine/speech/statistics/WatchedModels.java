package dev.koine.speech.statistics;

import dev.koine.engine.file.TemporaryFolder;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.graph.Attribute;
import dev.koine.engine.onnx.graph.Function;
import dev.koine.engine.onnx.graph.Graph;
import dev.koine.engine.onnx.graph.Node;
import dev.koine.engine.onnx.graph.OnnxModel;
import dev.koine.engine.onnx.graph.StoredTensor;
import dev.koine.engine.onnx.graph.ValueInfo;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * Copies of a bundle's model files that put out values from inside their graphs. Protobuf merges a message that occurs twice, so a graph with nothing but
 * outputs, behind the bytes of the file, adds them to it.
 */
final class WatchedModels implements AutoCloseable {
    private static final int LENGTH_DELIMITED = 2;
    private static final int GRAPH = 7;
    private static final int OUTPUT = 12;
    private static final int NAME = 1;

    private final ModelBundle base;
    private final TemporaryFolder folder;
    private final Set<Path> copied = new HashSet<>();
    private int copies;

    WatchedModels(ModelBundle base) throws IOException {
        this.base = base;
        this.folder = TemporaryFolder.create("koine-statistics-");
    }

    /** Where the copies lie, and what else is needed for a while. */
    Path folder() {
        return folder.path();
    }

    /**
     * Writes a copy.
     *
     * @param values of its outermost graph; inputs and outputs of the graph stay as they are
     * @return the name of the copy without {@code .onnx}, relative to {@link #folder}
     */
    String write(OnnxModel model, Collection<String> values) throws IOException {
        copyData(model);
        String name = model.path().substring(0, model.path().length() - ".onnx".length()) + "-watched-" + copies++;
        Path copy = folder().resolve(name + ".onnx");
        Files.createDirectories(copy.getParent());
        Files.copy(base.directory().resolve(model.path()), copy);
        Set<String> added = new TreeSet<>(values);
        model.graph().inputs().stream().map(ValueInfo::name).forEach(added::remove);
        model.graph().outputs().stream().map(ValueInfo::name).forEach(added::remove);
        ByteArrayOutputStream outputs = new ByteArrayOutputStream();
        for (String value : added) {
            outputs.writeBytes(field(OUTPUT, field(NAME, value.getBytes(StandardCharsets.UTF_8))));
        }
        Files.write(copy, field(GRAPH, outputs.toByteArray()), StandardOpenOption.APPEND);
        return name;
    }

    /** Takes a copy away. */
    void delete(String name) throws IOException {
        Files.delete(folder().resolve(name + ".onnx"));
    }

    @Override
    public void close() throws IOException {
        folder.close();
    }

    private void copyData(OnnxModel model) throws IOException {
        Set<Path> files = new HashSet<>();
        collect(model.graph(), files);
        for (Function function : model.functions().values()) {
            collect(function.body(), files);
            function.defaults().values().forEach(attribute -> collect(attribute, files));
        }
        files.remove(base.directory().resolve(model.path()));
        for (Path file : files) {
            if (copied.add(file)) {
                Path copy = folder().resolve(base.directory().relativize(file).toString());
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy);
            }
        }
    }

    private static void collect(Graph graph, Set<Path> files) {
        graph.initializers().forEach(tensor -> add(tensor, files));
        for (Node node : graph.nodes()) {
            node.attributes().forEach(attribute -> collect(attribute, files));
        }
    }

    private static void collect(Attribute attribute, Set<Path> files) {
        attribute.tensors().forEach(tensor -> add(tensor, files));
        attribute.graphs().forEach(inner -> collect(inner, files));
    }

    private static void add(StoredTensor tensor, Set<Path> files) {
        files.add(tensor.info().file());
    }

    private static byte[] field(int number, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        varint(out, number << 3 | LENGTH_DELIMITED);
        varint(out, content.length);
        out.writeBytes(content);
        return out.toByteArray();
    }

    private static void varint(ByteArrayOutputStream out, int number) {
        int rest = number;
        while (rest > 0x7f) {
            out.write(rest & 0x7f | 0x80);
            rest >>>= 7;
        }
        out.write(rest);
    }
}
