package dev.koine.bench.shape;

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
import java.util.ArrayList;
import java.util.List;

/** One half of a Whisper model in the making, encoder or decoder: its ONNX graph, and the tensors of its external data. */
public final class ShapedGraph {
    public static final int INT64 = 7;

    private static final int PLANTED = 16;
    private static final int ADAPTER_RANK = 8;
    private static final double MATRIX_NOISE = 0.1;
    private static final double TENSOR_NOISE = 0.0005;

    private final String name;
    private final long seed;
    private final int width;
    private final Element element;
    private final ExpertKind kind;
    private final GraphProto.Builder graph = GraphProto.newBuilder().setName("main");
    private final List<ShapedTensor> tensors = new ArrayList<>();
    private long offset;
    private String last = "";

    public ShapedGraph(String name, long seed, int width, Element element, ExpertKind kind) {
        this.name = name;
        this.seed = seed;
        this.width = width;
        this.element = element;
        this.kind = kind;
    }

    public String name() {
        return name;
    }

    public List<ShapedTensor> tensors() {
        return tensors;
    }

    /** The value that was computed last. */
    public String last() {
        return last;
    }

    /** @param dimensions numbers, and names of those that are open */
    public void input(String input, int type, Object... dimensions) {
        graph.addInput(value(input, type, dimensions));
    }

    public void attention(String place) {
        norm(place + "_norm");
        for (String part : List.of("q", "k", "v", "out")) {
            boolean isAdapted = part.equals("q") || part.equals("v");
            apply("MatMul", place + "/" + part + "/MatMul", last, matrix(width, width, isAdapted));
            apply("Add", place + "/" + part + "/Add", last, tensor(width));
        }
    }

    public void feedForward(String place) {
        norm(place + "/norm");
        apply("MatMul", place + "/fc1/MatMul", last, matrix(width, 4 * width, false));
        apply("Add", place + "/fc1/Add", last, tensor(4 * width));
        apply("MatMul", place + "/fc2/MatMul", last, matrix(4 * width, width, false));
        apply("Add", place + "/fc2/Add", last, tensor(width));
    }

    public void norm(String place) {
        apply("LayerNormalization", place, last, tensor(width), tensor(width));
    }

    public void apply(String operator, String place, String... inputs) {
        last = place + "_output";
        graph.addNode(NodeProto.newBuilder()
                .setOpType(operator)
                .setName(place)
                .addAllInput(List.of(inputs))
                .addOutput(last));
    }

    public void transpose(String place, long... permutation) {
        apply("Transpose", place, last);
        AttributeProto.Builder attribute =
                AttributeProto.newBuilder().setName("perm").setType(AttributeProto.AttributeType.INTS);
        for (long axis : permutation) {
            attribute.addInts(axis);
        }
        graph.getNodeBuilder(graph.getNodeCount() - 1).addAttribute(attribute);
    }

    public String tensor(Integer... dimensions) {
        return add(List.of(dimensions), false, 0, kind == ExpertKind.FULL ? TENSOR_NOISE : 0);
    }

    /** With noise whose largest singular value is 0.1 in a full fine-tune, and none in an adapter. */
    private String matrix(int rows, int columns, boolean isAdapted) {
        if (kind == ExpertKind.LORA) {
            return add(List.of(rows, columns), true, isAdapted ? ADAPTER_RANK : 0, 0);
        }
        return add(List.of(rows, columns), true, PLANTED, MATRIX_NOISE / (Math.sqrt(rows) + Math.sqrt(columns)));
    }

    private String add(List<Integer> dimensions, boolean isMatrix, int rank, double noise) {
        String file = name + ".onnx.data";
        long seedOfTensor = Noise.seed(seed, tensors.size());
        ShapedTensor tensor = new ShapedTensor(file, offset, dimensions, seedOfTensor, isMatrix, rank, noise);
        String tensorName = "onnx::" + name + "_" + tensors.size();
        long length = (long) tensor.numel() * element.bytes;
        graph.addInitializer(TensorProto.newBuilder()
                .setName(tensorName)
                .setDataType(element.onnxType)
                .addAllDims(dimensions.stream().map(Integer::longValue).toList())
                .setDataLocation(TensorProto.DataLocation.EXTERNAL)
                .addExternalData(entry("location", file))
                .addExternalData(entry("offset", Long.toString(offset)))
                .addExternalData(entry("length", Long.toString(length))));
        tensors.add(tensor);
        offset += length;
        return tensorName;
    }

    /** The model file, whose output is the last value. */
    public byte[] model(int outputDimension) {
        GraphProto whole = graph.clone()
                .addOutput(value(last, element.onnxType, "batch", "positions", outputDimension))
                .build();
        return ModelProto.newBuilder()
                .setIrVersion(8)
                .setProducerName("koine-bench")
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
                .setGraph(whole)
                .build()
                .toByteArray();
    }

    private static StringStringEntryProto entry(String key, String value) {
        return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
    }

    private static ValueInfoProto value(String name, int type, Object... dimensions) {
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
