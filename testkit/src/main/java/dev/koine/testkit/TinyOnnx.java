package dev.koine.testkit;

import ai.onnx.proto.OnnxMl;
import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Builds small ONNX files, so that tests can decide what a model answers. */
public final class TinyOnnx {
    private static final int FLOAT = 1;
    private static final int INT64 = 7;
    private static final int BOOL = 9;
    private static final int BFLOAT16 = 16;

    private final GraphProto.Builder graph = GraphProto.newBuilder().setName("tiny");

    public TinyOnnx floatInput(String name, String... dimensions) {
        graph.addInput(value(name, FLOAT, dimensions));
        return this;
    }

    public TinyOnnx bfloat16Input(String name, String... dimensions) {
        graph.addInput(value(name, BFLOAT16, dimensions));
        return this;
    }

    public TinyOnnx bfloat16Output(String name, String... dimensions) {
        graph.addOutput(value(name, BFLOAT16, dimensions));
        return this;
    }

    public TinyOnnx longInput(String name, String... dimensions) {
        graph.addInput(value(name, INT64, dimensions));
        return this;
    }

    public TinyOnnx boolInput(String name, String... dimensions) {
        graph.addInput(value(name, BOOL, dimensions));
        return this;
    }

    public TinyOnnx output(String name, String... dimensions) {
        graph.addOutput(value(name, FLOAT, dimensions));
        return this;
    }

    public TinyOnnx matrix(String name, float[][] rows) {
        TensorProto.Builder tensor = TensorProto.newBuilder()
                .setName(name)
                .setDataType(FLOAT)
                .addDims(rows.length)
                .addDims(rows[0].length);
        for (float[] row : rows) {
            for (float value : row) {
                tensor.addFloatData(value);
            }
        }
        graph.addInitializer(tensor);
        return this;
    }

    /** A tensor of any shape, of these values. */
    public TinyOnnx tensor(String name, long[] shape, float... values) {
        TensorProto.Builder tensor = TensorProto.newBuilder().setName(name).setDataType(FLOAT);
        for (long size : shape) {
            tensor.addDims(size);
        }
        for (float value : values) {
            tensor.addFloatData(value);
        }
        graph.addInitializer(tensor);
        return this;
    }

    /** A Conv without a bias. */
    public TinyOnnx convolution(
            String output, String input, String weight, long[] strides, long[] pads, long[] dilations) {
        NodeProto.Builder node = NodeProto.newBuilder();
        node.addAttribute(integers("strides", strides));
        node.addAttribute(integers("pads", pads));
        node.addAttribute(integers("dilations", dilations));
        graph.addNode(node("Conv", output, new String[] {input, weight}, node));
        return this;
    }

    private static AttributeProto.Builder integers(String name, long... values) {
        AttributeProto.Builder list =
                AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
        for (long value : values) {
            list.addInts(value);
        }
        return list;
    }

    public TinyOnnx node(String operator, String output, String... inputs) {
        graph.addNode(node(operator, output, inputs, NodeProto.newBuilder()));
        return this;
    }

    public TinyOnnx along(String operator, String output, String input, String attribute, long... values) {
        graph.addNode(node(
                operator,
                output,
                new String[] {input},
                NodeProto.newBuilder().addAttribute(integers(attribute, values))));
        return this;
    }

    public TinyOnnx floats(String name, float... values) {
        TensorProto.Builder tensor =
                TensorProto.newBuilder().setName(name).setDataType(FLOAT).addDims(values.length);
        for (float value : values) {
            tensor.addFloatData(value);
        }
        graph.addInitializer(tensor);
        return this;
    }

    public TinyOnnx longs(String name, long... values) {
        TensorProto.Builder tensor =
                TensorProto.newBuilder().setName(name).setDataType(INT64).addDims(values.length);
        for (long value : values) {
            tensor.addInt64Data(value);
        }
        graph.addInitializer(tensor);
        return this;
    }

    public TinyOnnx concat(String output, long axis, String... inputs) {
        AttributeProto.Builder attribute = AttributeProto.newBuilder()
                .setName("axis")
                .setType(AttributeProto.AttributeType.INT)
                .setI(axis);
        graph.addNode(node("Concat", output, inputs, NodeProto.newBuilder().addAttribute(attribute)));
        return this;
    }

    /** An If; both branches put out what this graph does, and may read what it has. */
    public TinyOnnx branches(String condition, TinyOnnx then, TinyOnnx otherwise) {
        NodeProto.Builder node = NodeProto.newBuilder()
                .setOpType("If")
                .addInput(condition)
                .addAttribute(branch("then_branch", then))
                .addAttribute(branch("else_branch", otherwise));
        graph.getOutputList().forEach(output -> node.addOutput(output.getName()));
        graph.addNode(node);
        return this;
    }

    private static AttributeProto branch(String name, TinyOnnx body) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.GRAPH)
                .setG(body.graph)
                .build();
    }

    public void write(Path file) throws IOException {
        Files.write(file, bytes());
    }

    public byte[] bytes() {
        OnnxMl.ModelProto model = OnnxMl.ModelProto.newBuilder()
                .setIrVersion(8)
                .addOpsetImport(OnnxMl.OperatorSetIdProto.newBuilder().setVersion(17))
                .setGraph(graph)
                .build();
        return model.toByteArray();
    }

    private static NodeProto node(String operator, String output, String[] inputs, NodeProto.Builder node) {
        for (String input : inputs) {
            node.addInput(input);
        }
        return node.setOpType(operator).addOutput(output).build();
    }

    static ValueInfoProto value(String name, int type, String... dimensions) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (String dimension : dimensions) {
            TensorShapeProto.Dimension.Builder size = TensorShapeProto.Dimension.newBuilder();
            if (Character.isDigit(dimension.charAt(0))) {
                size.setDimValue(Long.parseLong(dimension));
            } else {
                size.setDimParam(dimension);
            }
            shape.addDim(size);
        }
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder()
                        .setTensorType(
                                TypeProto.Tensor.newBuilder().setElemType(type).setShape(shape)))
                .build();
    }
}
