package dev.koine.follower.triton;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.koine.engine.tensor.RawTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A request or an answer of the KServe protocol, version 2, with Triton's binary tensor data: JSON, and after it the bytes of all tensors in its order. JSON
 * numbers would have neither float16 nor NaN.
 *
 * @param headerLength of the JSON, in bytes
 */
record InferenceMessage(byte[] bytes, int headerLength) {
    static final String LENGTH_HEADER = "Inference-Header-Content-Length";
    private static final JsonMapper JSON = new JsonMapper();
    private static final String SIZE = "binary_data_size";

    /** Asks for all outputs. */
    static InferenceMessage request(List<RawTensor> inputs) {
        ObjectNode request = JSON.createObjectNode();
        request.putObject("parameters").put("binary_data_output", true);
        ArrayNode listed = request.putArray("inputs");
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        for (RawTensor input : inputs) {
            TritonType type = TritonType.of(input.type())
                    .orElseThrow(() -> new IllegalArgumentException(
                            "Triton takes no " + input.type() + ", as the input '" + input.name() + "' is."));
            ObjectNode entry = listed.addObject().put("name", input.name()).put("datatype", type.name());
            ArrayNode shape = entry.putArray("shape");
            (input.shape().isEmpty() ? List.of(1L) : input.shape()).forEach(shape::add);
            entry.putObject("parameters").put(SIZE, input.bytes().length);
            data.writeBytes(input.bytes());
        }
        byte[] header = request.toString().getBytes(StandardCharsets.UTF_8);
        byte[] all = Arrays.copyOf(header, header.length + data.size());
        System.arraycopy(data.toByteArray(), 0, all, header.length, data.size());
        return new InferenceMessage(all, header.length);
    }

    /**
     * The tensors of an answer.
     *
     * @param version that has to have answered
     * @throws IOException if it is no answer in binary form, or another version's
     */
    List<RawTensor> outputs(String version) throws IOException {
        if (headerLength < 1 || headerLength > bytes.length) {
            throw new IOException("a header of " + headerLength + " bytes in an answer of " + bytes.length);
        }
        JsonNode answer = JSON.readTree(bytes, 0, headerLength);
        String answering = answer.path("model_version").asText(version);
        if (!answering.equals(version)) {
            throw new IOException("version " + answering + " answered in place of " + version);
        }
        List<RawTensor> outputs = new ArrayList<>();
        int offset = headerLength;
        for (JsonNode output : answer.path("outputs")) {
            int size = output.path("parameters").path(SIZE).asInt(-1);
            if (size < 0 || size > bytes.length - offset) {
                throw new IOException("the output " + output.path("name") + " is not there in binary form");
            }
            outputs.add(tensor(output, Arrays.copyOfRange(bytes, offset, offset + size)));
            offset += size;
        }
        if (offset != bytes.length) {
            throw new IOException("bytes follow the last output");
        }
        return outputs;
    }

    private static RawTensor tensor(JsonNode output, byte[] data) {
        List<Long> shape = new ArrayList<>();
        output.path("shape").forEach(size -> shape.add(size.asLong()));
        TritonType type = TritonType.valueOf(output.path("datatype").asText());
        return new RawTensor(output.path("name").asText(), type.element(), shape, data);
    }
}
