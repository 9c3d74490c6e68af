package dev.koine.bench;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Writes a base and an expert with the tensors of a Whisper model: its matrices, convolutions, embeddings, biases and norms, wired so
 * that each has its role, in an encoder and a decoder with external data. The graph is no speech model, though ONNX Runtime loads it;
 * only shapes and roles are real.
 *
 * <pre>
 *   base     Gaussian, standard deviation 0.02
 *   expert   base + delta; a matrix's delta is sum over k &lt; 16 of 0.85^k u_k v_k^T, unit vectors, plus noise whose largest singular
 *            value is 0.1; all other deltas are noise. So the spectrum decays, and then is flat, as a fine-tune's does
 * </pre>
 *
 * <p>Beside them {@code tensors.tsv} lists file, offset, rows and columns of every tensor for readers that know no ONNX; rows is 0
 * unless it is a matrix that is pruned.
 */
public final class ShapedModel {
    private static final int FLOAT = 1;
    private static final int INT64 = 7;
    private static final int PLANTED = 16;
    private static final double DECAY = 0.85;
    private static final double NOISE = 0.1;
    private static final float BASE_DEVIATION = 0.02f;
    private static final float DELTA_DEVIATION = 0.0005f;
    private static final Map<String, Shape> SHAPES =
            Map.of("tiny", new Shape(384, 4, 80), "small", new Shape(768, 12, 80), "medium", new Shape(1024, 24, 80));

    private final Path target;
    private final Shape shape;
    private final StringBuilder listing = new StringBuilder();

    /** A Whisper size: the width, the layers of each half, the bands of its input. */
    private record Shape(int width, int layers, int mels) {}

    private ShapedModel(Path target, Shape shape) {
        this.target = target;
        this.shape = shape;
    }

    /** Arguments: a folder to make, and a size. */
    public static void main(String[] arguments) throws IOException {
        Shape shape = SHAPES.get(arguments[1]);
        if (shape == null) {
            throw new IllegalArgumentException("no size " + arguments[1] + "; there are " + SHAPES.keySet());
        }
        ShapedModel model = new ShapedModel(Path.of(arguments[0]), shape);
        model.writeEncoder();
        model.writeDecoder();
        Files.writeString(model.target.resolve("tensors.tsv"), model.listing);
    }

    private void writeEncoder() throws IOException {
        try (Half half = new Half("encoder", 1)) {
            int d = shape.width();
            half.graph.addInput(value("features", FLOAT, List.of("batch", shape.mels(), "time")));
            half.apply("Conv", "/conv1", "features", half.tensor(d, shape.mels(), 3));
            half.apply("Conv", "/conv2", half.last, half.tensor(d, d, 3));
            half.transpose("/channels_last", 0, 2, 1);
            half.apply("Add", "/positions", half.last, half.tensor(1500, d));
            for (int i = 0; i < shape.layers(); i++) {
                half.attention("/layers." + i + "/self_attn");
                half.feedForward("/layers." + i);
            }
            half.norm("/norm");
            half.write(d);
        }
    }

    private void writeDecoder() throws IOException {
        try (Half half = new Half("decoder", 2)) {
            int d = shape.width();
            int vocabulary = 51865;
            half.graph.addInput(value("tokens", INT64, List.of("batch", "time")));
            String embedding = half.tensor(vocabulary, d);
            half.apply("Gather", "/embed", embedding, "tokens");
            half.apply("Add", "/positions", half.last, half.tensor(448, d));
            for (int i = 0; i < shape.layers(); i++) {
                half.attention("/layers." + i + "/self_attn");
                half.attention("/layers." + i + "/cross_attn");
                half.feedForward("/layers." + i);
            }
            half.norm("/norm");
            String states = half.last;
            half.apply("Transpose", "/tied", embedding);
            half.apply("MatMul", "/projection", states, half.last);
            half.write(vocabulary);
        }
    }

    /** One model file, and its tensors, which are written as they are named. */
    private final class Half implements AutoCloseable {
        private final String name;
        private final SplittableRandom random;
        private final GraphProto.Builder graph = GraphProto.newBuilder().setName("main");
        private final List<FileChannel> data = new ArrayList<>();
        private long offset;
        private String last = "";

        Half(String name, long seed) throws IOException {
            this.name = name;
            this.random = new SplittableRandom(seed);
            for (String bundle : List.of("base", "expert")) {
                Path directory = Files.createDirectories(target.resolve(bundle));
                data.add(FileChannel.open(
                        directory.resolve(name + ".onnx.data"),
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.WRITE));
            }
        }

        void attention(String place) throws IOException {
            int d = shape.width();
            norm(place + "_norm");
            for (String part : List.of("q", "k", "v", "out")) {
                apply("MatMul", place + "/" + part + "/MatMul", last, matrix(d, d));
                apply("Add", place + "/" + part + "/Add", last, tensor(d));
            }
        }

        void feedForward(String place) throws IOException {
            int d = shape.width();
            norm(place + "/norm");
            apply("MatMul", place + "/fc1/MatMul", last, matrix(d, 4 * d));
            apply("Add", place + "/fc1/Add", last, tensor(4 * d));
            apply("MatMul", place + "/fc2/MatMul", last, matrix(4 * d, d));
            apply("Add", place + "/fc2/Add", last, tensor(d));
        }

        void norm(String place) throws IOException {
            apply("LayerNormalization", place, last, tensor(shape.width()), tensor(shape.width()));
        }

        void apply(String operator, String place, String... inputs) {
            last = place + "_output";
            graph.addNode(NodeProto.newBuilder()
                    .setOpType(operator)
                    .setName(place)
                    .addAllInput(List.of(inputs))
                    .addOutput(last));
        }

        void transpose(String place, long... permutation) {
            apply("Transpose", place, last);
            AttributeProto.Builder attribute =
                    AttributeProto.newBuilder().setName("perm").setType(AttributeProto.AttributeType.INTS);
            for (long axis : permutation) {
                attribute.addInts(axis);
            }
            graph.getNodeBuilder(graph.getNodeCount() - 1).addAttribute(attribute);
        }

        String matrix(int rows, int columns) throws IOException {
            float[] delta = noise(rows * columns, NOISE / (Math.sqrt(rows) + Math.sqrt(columns)));
            for (int k = 0; k < PLANTED; k++) {
                float[] u = noise(rows, Math.pow(DECAY, k) / Math.sqrt(rows));
                float[] v = noise(columns, 1 / Math.sqrt(columns));
                for (int i = 0; i < rows; i++) {
                    for (int j = 0; j < columns; j++) {
                        delta[i * columns + j] += u[i] * v[j];
                    }
                }
            }
            return put(delta, rows, rows, columns);
        }

        String tensor(int... dimensions) throws IOException {
            int numel = 1;
            for (int dimension : dimensions) {
                numel *= dimension;
            }
            return put(noise(numel, DELTA_DEVIATION), 0, dimensions);
        }

        private String put(float[] delta, int rows, int... dimensions) throws IOException {
            float[] base = noise(delta.length, BASE_DEVIATION);
            for (int i = 0; i < delta.length; i++) {
                delta[i] += base[i];
            }
            String tensor = "onnx::" + name + "_" + graph.getInitializerCount();
            TensorProto.Builder proto = TensorProto.newBuilder()
                    .setName(tensor)
                    .setDataType(FLOAT)
                    .setDataLocation(TensorProto.DataLocation.EXTERNAL)
                    .addExternalData(entry("location", name + ".onnx.data"))
                    .addExternalData(entry("offset", Long.toString(offset)))
                    .addExternalData(entry("length", Long.toString(4L * delta.length)));
            for (int dimension : dimensions) {
                proto.addDims(dimension);
            }
            graph.addInitializer(proto);
            int columns = rows == 0 ? delta.length : delta.length / rows;
            listing.append(name + ".onnx.data\t" + offset + "\t" + rows + "\t" + columns + "\n");
            append(data.get(0), base);
            append(data.get(1), delta);
            offset += 4L * delta.length;
            return tensor;
        }

        /** Close to Gaussian, and cheap: the sum of the eight bytes of a random number. */
        private float[] noise(int count, double deviation) {
            float[] values = new float[count];
            double unit = deviation / Math.sqrt(8 * (65536 - 1) / 12.0);
            for (int i = 0; i < count; i++) {
                long bits = random.nextLong();
                long pairs = (bits & 0x00ff00ff00ff00ffL) + (bits >>> 8 & 0x00ff00ff00ff00ffL);
                long sum = (pairs * 0x0001000100010001L) >>> 48;
                values[i] = (float) ((sum - 1020) * unit);
            }
            return values;
        }

        void write(int width) throws IOException {
            graph.addOutput(value(last, FLOAT, List.of("batch", "positions", width)));
            ModelProto model = ModelProto.newBuilder()
                    .setIrVersion(8)
                    .setProducerName("koine-bench")
                    .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
                    .setGraph(graph)
                    .build();
            for (String bundle : List.of("base", "expert")) {
                Files.write(target.resolve(bundle).resolve(name + ".onnx"), model.toByteArray());
            }
        }

        @Override
        public void close() throws IOException {
            for (FileChannel channel : data) {
                channel.close();
            }
        }
    }

    private static void append(FileChannel channel, float[] values) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
        for (int done = 0; done < values.length; ) {
            int now = Math.min(values.length - done, buffer.capacity() / 4);
            buffer.clear().limit(4 * now);
            buffer.asFloatBuffer().put(values, done, now);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            done += now;
        }
    }

    private static StringStringEntryProto entry(String key, String value) {
        return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
    }

    /** @param dimensions numbers, and names of those that are open */
    private static ValueInfoProto value(String name, int type, List<?> dimensions) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (Object dimension : dimensions) {
            if (dimension instanceof Integer fixed) {
                shape.addDimBuilder().setDimValue(fixed);
            } else {
                shape.addDimBuilder().setDimParam(dimension.toString());
            }
        }
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder()
                        .setTensorType(
                                TypeProto.Tensor.newBuilder().setElemType(type).setShape(shape)))
                .build();
    }
}
