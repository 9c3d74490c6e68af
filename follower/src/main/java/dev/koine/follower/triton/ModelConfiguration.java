package dev.koine.follower.triton;

import java.util.List;
import java.util.stream.Collectors;

/**
 * What Triton is told of a model: {@code config.pbtxt}, a ModelConfig in protobuf's text format ("Model Configuration"). Its whole shapes are written
 * (max_batch_size 0), and the version policy names one version, so that a load serves that one and lets go of any other.
 */
record ModelConfiguration(String model, long version, ModelFile file, Instances instances) {
    /** What tells it from one that somebody else wrote. */
    static final String FIRST_LINE = "# Written by koine follow.\n";

    String text() {
        return FIRST_LINE
                + """
                name: "%s"
                backend: "onnxruntime"
                default_model_filename: "model.onnx"
                max_batch_size: 0
                version_policy { specific { versions: [ %d ] } }
                %s%sinstance_group [ { count: %d kind: KIND_%s } ]
                """.formatted(
                                model,
                                version,
                                ports("input", file.inputs()),
                                ports("output", file.outputs()),
                                instances.count(),
                                instances.kind());
    }

    private static String ports(String field, List<Port> ports) {
        return ports.stream().map(port -> field + " [ " + port(port) + " ]\n").collect(Collectors.joining());
    }

    /** Triton allows no empty dims: a scalar is one number that is given to the model without a shape ("Reshape"). */
    private static String port(Port port) {
        boolean isScalar = port.dims().isEmpty();
        String dims = isScalar ? "1" : port.dims().stream().map(String::valueOf).collect(Collectors.joining(", "));
        return "{ name: \"%s\" data_type: %s dims: [ %s ]%s }"
                .formatted(port.name(), port.type().configured(), dims, isScalar ? " reshape: { shape: [ ] }" : "");
    }
}
