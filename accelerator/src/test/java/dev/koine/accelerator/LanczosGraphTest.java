package dev.koine.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.InvalidProtocolBufferException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Read by the generated classes of ONNX. */
class LanczosGraphTest {

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void isOneWellFormedGraph(boolean tall) throws InvalidProtocolBufferException {
        OnnxMl.ModelProto model = OnnxMl.ModelProto.parseFrom(LanczosGraph.build(32, 4, tall));
        assertThat(model.getUnknownFields().asMap()).isEmpty();
        assertThat(model.getOpsetImport(0).getVersion()).isEqualTo(17);
        OnnxMl.GraphProto graph = model.getGraph();
        assertThat(graph.getInputList())
                .extracting(OnnxMl.ValueInfoProto::getName)
                .containsExactly("D", "start", "probe");
        assertThat(graph.getOutputList())
                .extracting(OnnxMl.ValueInfoProto::getName)
                .containsExactly("V", "W", "norms");
        assertThat(graph.getOutput(1)
                        .getType()
                        .getTensorType()
                        .getShape()
                        .getDim(0)
                        .getDimValue())
                .isEqualTo(36);
        assertThat(graph.getNodeList().stream()
                        .filter(node -> node.getInputList().contains("D")))
                .hasSize(2 * 36);
        assertThat(graph.getNodeList().stream().map(OnnxMl.NodeProto::getName)).doesNotHaveDuplicates();
    }
}
