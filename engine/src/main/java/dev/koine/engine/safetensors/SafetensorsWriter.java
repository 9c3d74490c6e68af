package dev.koine.engine.safetensors;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.koine.engine.tensor.ElementType;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes a safetensors file with one result for one content: tensors by width, widest first, then by name, so that every tensor
 * is aligned to its elements; metadata by key; the header padded with spaces to eight bytes.
 */
public final class SafetensorsWriter {
    private static final JsonMapper JSON = new JsonMapper();

    private final TreeMap<String, Tensor> tensors = new TreeMap<>();
    private final TreeMap<String, String> metadata = new TreeMap<>();

    private record Tensor(String name, ElementType type, List<Long> shape, long length, Elements elements) {}

    /** Writes the elements of one tensor, row-major and little-endian; is called once, when their turn comes. */
    @FunctionalInterface
    public interface Elements {
        void writeTo(OutputStream out) throws IOException;
    }

    /** Adds strings under {@code __metadata__}. */
    public SafetensorsWriter metadata(Map<String, String> strings) {
        metadata.putAll(strings);
        return this;
    }

    /**
     * Adds a tensor.
     *
     * @throws IllegalArgumentException if there is one of this name, or safetensors does not have the type
     */
    public SafetensorsWriter tensor(String name, ElementType type, List<Long> shape, Elements elements) {
        long length = shape.stream().mapToLong(Long::longValue).reduce(type.bytes(), Math::multiplyExact);
        if (name.equals("__metadata__")
                || tensors.putIfAbsent(name, new Tensor(name, type, List.copyOf(shape), length, elements)) != null) {
            throw new IllegalArgumentException("a second tensor " + name);
        }
        return this;
    }

    /** Writes the file; leaves {@code out} open. */
    public void writeTo(OutputStream out) throws IOException {
        List<Tensor> inOrder = new ArrayList<>(tensors.values());
        inOrder.sort(Comparator.<Tensor>comparingInt(tensor -> -tensor.type().bytes())
                .thenComparing(Tensor::name));
        ObjectNode header = JSON.createObjectNode();
        if (!metadata.isEmpty()) {
            ObjectNode strings = header.putObject("__metadata__");
            metadata.forEach(strings::put);
        }
        long at = 0;
        for (Tensor tensor : inOrder) {
            ObjectNode entry = header.putObject(tensor.name());
            entry.put("dtype", tensor.type().safetensorsName());
            tensor.shape().forEach(entry.putArray("shape")::add);
            entry.putArray("data_offsets").add(at).add(at + tensor.length());
            at += tensor.length();
        }
        byte[] json = JSON.writeValueAsBytes(header);
        int padding = (8 - json.length % 8) % 8;
        out.write(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length + padding)
                .array());
        out.write(json);
        out.write(" ".repeat(padding).getBytes(StandardCharsets.US_ASCII));
        for (Tensor tensor : inOrder) {
            tensor.elements().writeTo(out);
        }
    }
}
