package dev.koine.fuzz;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.List;

/**
 * An ONNX file that bytes decide: well formed, so that it comes as far as ONNX Runtime's graph checks, shape inference and kernels, and
 * mostly senseless. Operators, attributes, shapes and wiring are drawn; subgraphs, too.
 */
final class GraphScript {
    private static final String CONTRIB = "com.microsoft";
    private static final List<String> OPERATORS = List.of(
            ("Abs Add And ArgMax AveragePool BatchNormalization BitShift Cast Ceil Clip Col2Im Compress Concat Constant ConstantOfShape"
                            + " Conv ConvInteger ConvTranspose CumSum DepthToSpace DequantizeLinear Det Div Dropout Einsum Elu Equal Erf"
                            + " Exp Expand EyeLike Flatten Floor GRU Gather GatherElements GatherND Gemm GlobalAveragePool Greater"
                            + " GridSample Hardmax Identity If InstanceNormalization LRN LSTM LayerNormalization LeakyRelu Log LogSoftmax"
                            + " Loop LpNormalization MatMul MatMulInteger Max MaxPool MaxRoiPool MaxUnpool Mean Min Mod Mul Neg NonMaxSuppression"
                            + " NonZero Not OneHot PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear RNN Range Reciprocal ReduceMax"
                            + " ReduceSum Relu Reshape Resize ReverseSequence RoiAlign Round STFT Scan ScatterElements ScatterND Selu"
                            + " SequenceAt SequenceConstruct Shape Shrink Sigmoid Sign Size Slice Softmax SpaceToDepth Split Sqrt Squeeze"
                            + " StringNormalizer Sub Sum TfIdfVectorizer Tile TopK Transpose Trilu Unique Unsqueeze Upsample Where Xor")
                    .split(" "));
    private static final List<String> CONTRIB_OPERATORS = List.of(
            ("Attention BeamSearch BiasGelu BiasSoftmax CDist ConvTransposeWithDynamicPads CropAndResize DecoderMaskedMultiHeadAttention"
                            + " DynamicQuantizeLSTM EmbedLayerNormalization FastGelu FusedConv FusedGemm FusedMatMul GatherND"
                            + " GreedySearch GroupQueryAttention Inverse LongformerAttention MatMulNBits MultiHeadAttention NGramRepeatBlock"
                            + " NhwcMaxPool Pad QAttention QGemm QLinearAdd QuickGelu RelativePositionBias RotaryEmbedding Sampling"
                            + " SkipLayerNormalization SparseAttention Tokenizer TransposeMatMul Trilu Unique WhisperBeamSearch WordConvEmbedding")
                    .split(" "));
    private static final List<String> ATTRIBUTES = List.of(
            ("axis axes perm to kernel_shape strides pads dilations group mode num_heads hidden_size epsilon keepdims blocksize value body"
                            + " then_branch else_branch decoder encoder eos_token_id pad_token_id decoder_start_token_id model_type"
                            + " direction activations alpha beta transA transB equation output_shape auto_pad ceil_mode count_include_pad"
                            + " largest sorted num_scan_inputs scan_input_axes batch_axis time_axis start end shape value_ints value_float"
                            + " kv_num_heads max_length vocab_size ngram_counts ngram_indexes pool_int64s K N bits block_size unidirectional"
                            + " do_rotary scale align_corners nearest_mode coordinate_transformation_mode size sample_size spatial_scale")
                    .split(" "));
    private static final int MOST_NODES = 8;
    private static final int MOST_DEPTH = 3;
    private static final int[] TYPES = {1, 6, 7, 9, 10, 11, 2, 3, 8, 16, 12, 13};

    private final byte[] script;
    private int at;
    private int names;

    private GraphScript(byte[] script) {
        this.script = script;
    }

    static byte[] model(byte[] script) {
        GraphScript read = new GraphScript(script);
        ModelProto.Builder model = ModelProto.newBuilder()
                .setIrVersion(3 + read.next(9))
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(7 + read.next(17)))
                .addOpsetImport(
                        OperatorSetIdProto.newBuilder().setDomain(CONTRIB).setVersion(1))
                .setGraph(read.graph(new ArrayList<>(), 0));
        return model.build().toByteArray();
    }

    private int next(int bound) {
        return at < script.length ? (script[at++] & 0xff) % bound : 0;
    }

    private long number() {
        return switch (next(8)) {
            case 0 -> -1;
            case 1 -> 0;
            case 2 -> 1L << (next(63) + 1);
            case 3 -> -(1L << next(40));
            default -> next(16);
        };
    }

    private String name(String prefix) {
        return prefix + names++;
    }

    private GraphProto graph(List<String> outer, int depth) {
        List<String> values = new ArrayList<>(outer);
        GraphProto.Builder graph = GraphProto.newBuilder().setName(name("g"));
        for (int i = 1 + next(3); i > 0; i--) {
            String input = name("x");
            graph.addInput(value(input));
            values.add(input);
        }
        for (int i = next(4); i > 0; i--) {
            TensorProto tensor = tensor();
            graph.addInitializer(tensor);
            values.add(tensor.getName());
        }
        for (int i = 1 + next(MOST_NODES); i > 0; i--) {
            NodeProto node = node(values, depth);
            graph.addNode(node);
            values.addAll(node.getOutputList());
        }
        for (int i = 1 + next(2); i > 0; i--) {
            graph.addOutput(value(values.get(values.size() - 1 - next(Math.min(4, values.size())))));
        }
        return graph.build();
    }

    private NodeProto node(List<String> values, int depth) {
        boolean isContrib = next(3) == 0;
        List<String> operators = isContrib ? CONTRIB_OPERATORS : OPERATORS;
        NodeProto.Builder node = NodeProto.newBuilder()
                .setName(name("n"))
                .setDomain(isContrib ? CONTRIB : "")
                .setOpType(operators.get(next(operators.size())));
        for (int i = next(7); i > 0; i--) {
            node.addInput(next(9) == 0 ? "" : values.get(values.size() - 1 - next(values.size())));
        }
        for (int i = next(5); i > 0; i--) {
            node.addAttribute(attribute(values, depth));
        }
        for (int i = 1 + next(3); i > 0; i--) {
            node.addOutput(name("v"));
        }
        return node.build();
    }

    private AttributeProto attribute(List<String> values, int depth) {
        AttributeProto.Builder attribute = AttributeProto.newBuilder().setName(ATTRIBUTES.get(next(ATTRIBUTES.size())));
        boolean isGraph = List.of("body", "then_branch", "else_branch", "decoder", "encoder")
                .contains(attribute.getName());
        if (isGraph && depth < MOST_DEPTH) {
            return attribute
                    .setType(AttributeProto.AttributeType.GRAPH)
                    .setG(graph(values, depth + 1))
                    .build();
        }
        switch (next(5)) {
            case 0 -> attribute.setType(AttributeProto.AttributeType.FLOAT).setF(number());
            case 1 -> attribute.setType(AttributeProto.AttributeType.STRING).setS(ByteString.copyFromUtf8(text()));
            case 2 -> {
                attribute.setType(AttributeProto.AttributeType.INTS);
                for (int i = next(6); i > 0; i--) {
                    attribute.addInts(number());
                }
            }
            case 3 -> attribute.setType(AttributeProto.AttributeType.TENSOR).setT(tensor());
            default -> attribute.setType(AttributeProto.AttributeType.INT).setI(number());
        }
        return attribute.build();
    }

    private String text() {
        return List.of("", "linear", "reverse", "ij,jk->ik", "ii->i", "SAME_UPPER", "cubic", "Tanh", "\u00e9")
                .get(next(9));
    }

    private TensorProto tensor() {
        int type = TYPES[next(TYPES.length)];
        TensorProto.Builder tensor = TensorProto.newBuilder().setName(name("w")).setDataType(type);
        int numel = 1;
        for (int i = next(4); i > 0; i--) {
            int dim = next(5);
            tensor.addDims(dim);
            numel *= dim;
        }
        if (type == 7) {
            for (int i = 0; i < numel; i++) {
                tensor.addInt64Data(number());
            }
            return tensor.build();
        }
        int width =
                switch (type) {
                    case 2, 3, 9 -> 1;
                    case 10, 16 -> 2;
                    case 11, 13 -> 8;
                    case 8 -> 0;
                    default -> 4;
                };
        byte[] raw = new byte[numel * width];
        for (int i = 0; i < raw.length; i++) {
            raw[i] = (byte) next(256);
        }
        return width == 0
                ? tensor.clearDims().addStringData(ByteString.EMPTY).addDims(1).build()
                : tensor.setRawData(ByteString.copyFrom(raw)).build();
    }

    private ValueInfoProto value(String name) {
        ValueInfoProto.Builder value = ValueInfoProto.newBuilder().setName(name);
        if (next(4) == 0) {
            return value.build();
        }
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (int i = next(5); i > 0; i--) {
            int kind = next(4);
            shape.addDim(
                    kind == 0
                            ? TensorShapeProto.Dimension.newBuilder().setDimParam("d" + next(3))
                            : TensorShapeProto.Dimension.newBuilder().setDimValue(kind == 1 ? number() : 1 + next(8)));
        }
        return value.setType(TypeProto.newBuilder()
                        .setTensorType(TypeProto.Tensor.newBuilder()
                                .setElemType(TYPES[next(TYPES.length)])
                                .setShape(shape)))
                .build();
    }
}
