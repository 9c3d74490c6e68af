package dev.koine.bench.shape;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a base and an expert with the tensors of a Whisper model: its matrices, convolutions, embeddings, biases and norms, wired so
 * that each has its role, in an encoder and a decoder with external data. The graph is no speech model, though ONNX Runtime loads it; only
 * shapes and roles are real.
 * The same arguments give the same bytes. {@link ShapedTensor} says what the values are.
 *
 * <p>Beside them {@code tensors.tsv} lists file, offset, rows, columns, element type and planted rank of every tensor for readers that
 * know no ONNX; rows is 0 unless it is a matrix that is pruned.
 */
public final class ShapedModel {
    public static final String LISTING = "tensors.tsv";

    private final WhisperSize size;
    private final Element element;
    private final ExpertKind kind;

    public ShapedModel(WhisperSize size, Element element, ExpertKind kind) {
        this.size = size;
        this.element = element;
        this.kind = kind;
    }

    /** Arguments: a folder to make, a size, and perhaps an element type and a kind of expert. */
    public static void main(String[] arguments) throws Exception {
        new ShapedModel(
                        Names.find(arguments[1], WhisperSize.class),
                        Names.find(arguments.length > 2 ? arguments[2] : "float32", Element.class),
                        Names.find(arguments.length > 3 ? arguments[3] : "full", ExpertKind.class))
                .write(Path.of(arguments[0]));
    }

    /** Makes {@code base}, {@code expert} and, when they are whole, the listing. */
    public void write(Path target) throws Exception {
        ShapedGraph encoder = encoder();
        ShapedGraph decoder = decoder();
        for (String bundle : List.of("base", "expert")) {
            Path directory = Files.createDirectories(target.resolve(bundle));
            Files.write(directory.resolve("encoder.onnx"), encoder.model(size.width));
            Files.write(directory.resolve("decoder.onnx"), decoder.model(size.vocabulary));
        }
        List<ShapedTensor> tensors = new ArrayList<>(encoder.tensors());
        tensors.addAll(decoder.tensors());
        try (TensorFiles files = new TensorFiles(target, element)) {
            files.write(tensors);
        }
        writeListing(tensors, target.resolve(LISTING));
    }

    private ShapedGraph encoder() {
        ShapedGraph graph = new ShapedGraph("encoder", 1, size.width, element, kind);
        graph.input("features", element.onnxType, "batch", size.mels, "time");
        graph.apply("Conv", "/conv1", "features", graph.tensor(size.width, size.mels, 3));
        graph.apply("Conv", "/conv2", graph.last(), graph.tensor(size.width, size.width, 3));
        graph.transpose("/channels_last", 0, 2, 1);
        graph.apply("Add", "/positions", graph.last(), graph.tensor(1500, size.width));
        for (int i = 0; i < size.layers; i++) {
            graph.attention("/layers." + i + "/self_attn");
            graph.feedForward("/layers." + i);
        }
        graph.norm("/norm");
        return graph;
    }

    private ShapedGraph decoder() {
        ShapedGraph graph = new ShapedGraph("decoder", 2, size.width, element, kind);
        graph.input("tokens", ShapedGraph.INT64, "batch", "time");
        String embedding = graph.tensor(size.vocabulary, size.width);
        graph.apply("Gather", "/embed", embedding, "tokens");
        graph.apply("Add", "/positions", graph.last(), graph.tensor(448, size.width));
        for (int i = 0; i < size.layers; i++) {
            graph.attention("/layers." + i + "/self_attn");
            graph.attention("/layers." + i + "/cross_attn");
            graph.feedForward("/layers." + i);
        }
        graph.norm("/norm");
        String states = graph.last();
        graph.apply("Transpose", "/tied", embedding);
        graph.apply("MatMul", "/projection", states, graph.last());
        return graph;
    }

    private void writeListing(List<ShapedTensor> tensors, Path file) throws IOException {
        List<String> lines = new ArrayList<>();
        for (ShapedTensor tensor : tensors) {
            lines.add(String.join(
                    "\t",
                    tensor.file(),
                    Long.toString(tensor.offset()),
                    Integer.toString(tensor.isMatrix() ? tensor.dimensions().get(0) : 0),
                    Integer.toString(tensor.columns()),
                    element.toString(),
                    Integer.toString(tensor.rank())));
        }
        Files.write(file, lines);
    }
}
