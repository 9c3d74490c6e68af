package dev.koine.engine.safetensors;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.file.FileKind;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.FloatEncoding;
import dev.koine.engine.tensor.TensorInfo;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * An open safetensors file: an index of its tensors, and their elements on request. Safe for use by several threads.
 *
 * <p>The format: eight bytes header length, little-endian; a JSON object of name to {@code dtype}, {@code shape} and
 * {@code data_offsets}, and strings under {@code __metadata__}; then the elements, without gaps. Every size is checked against
 * the file before anything is allocated. Elements are read with positioned reads, not through a mapping: a file that shrinks
 * while it is open is then an {@link IOException} and not the end of the process.
 *
 * @see <a href="https://github.com/huggingface/safetensors">The format's specification</a>
 */
public final class Safetensors implements AutoCloseable {
    /** Header bytes beyond which a file is refused. */
    public static final int LARGEST_HEADER = 32 << 20;

    private static final int CHUNK_BYTES = 1 << 18;
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final Path path;
    private final FileChannel channel;
    private final TreeMap<String, TensorInfo> entries = new TreeMap<>();
    private final TreeMap<String, String> metadata = new TreeMap<>();

    private Safetensors(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /**
     * Opens a file and reads its header.
     *
     * @throws RejectedException {@code NOT_SAFETENSORS} if the file is malformed
     */
    public static Safetensors open(Path path) throws IOException, RejectedException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        Safetensors file = new Safetensors(path, channel);
        try {
            file.readHeader();
            return file;
        } catch (IOException | RejectedException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** The tensors by name. */
    public Map<String, TensorInfo> entries() {
        return Collections.unmodifiableMap(entries);
    }

    /** The tensor of this name, if there is one. */
    public Optional<TensorInfo> entry(String name) {
        return Optional.ofNullable(entries.get(name));
    }

    /** The strings under {@code __metadata__}. */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(metadata);
    }

    /**
     * Reads {@code count} elements from element {@code from} on, as float32.
     *
     * @throws IllegalArgumentException unless the tensor's type is F32, F16 or BF16, and the range lies within it
     */
    public void read(TensorInfo entry, long from, int count, float[] target, int at) throws IOException {
        if (!entry.type().isMergeable()) {
            throw new IllegalArgumentException(entry.name() + " has elements of type " + entry.type());
        }
        forEachChunk(
                entry,
                from,
                count,
                (bytes, done, n) -> FloatEncoding.decode(entry.type(), bytes, target, at + done, n));
    }

    /**
     * Reads {@code count} elements of type I64 from element {@code from} on.
     *
     * @throws IllegalArgumentException unless the tensor's type is I64, and the range lies within it
     */
    public void read(TensorInfo entry, long from, int count, long[] target, int at) throws IOException {
        if (entry.type() != ElementType.INT64) {
            throw new IllegalArgumentException(entry.name() + " has elements of type " + entry.type());
        }
        forEachChunk(
                entry, from, count, (bytes, done, n) -> bytes.asLongBuffer().get(target, at + done, n));
    }

    /**
     * Reads {@code count} elements of one byte from element {@code from} on.
     *
     * @throws IllegalArgumentException unless the tensor's elements are bytes, and the range lies within it
     */
    public void read(TensorInfo entry, long from, int count, byte[] target, int at) throws IOException {
        if (entry.type().bytes() != 1) {
            throw new IllegalArgumentException(entry.name() + " has elements of type " + entry.type());
        }
        forEachChunk(entry, from, count, (bytes, done, n) -> bytes.get(target, at + done, n));
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private interface Chunk {
        void accept(ByteBuffer bytes, int done, int count);
    }

    private void forEachChunk(TensorInfo entry, long from, int count, Chunk chunk) throws IOException {
        if (from < 0 || count < 0 || from > entry.numel() - count) {
            throw new IllegalArgumentException(
                    "elements " + from + " + " + count + " of " + entry.numel() + " in " + entry.name());
        }
        int width = entry.type().bytes();
        int step = CHUNK_BYTES / width;
        ByteBuffer bytes =
                ByteBuffer.allocateDirect(Math.min(count, step) * width).order(ByteOrder.LITTLE_ENDIAN);
        for (long done = 0; done < count; done += step) {
            int n = (int) Math.min(step, count - done);
            bytes.clear().limit(n * width);
            readFully(bytes, entry.offset() + (from + done) * width);
            chunk.accept(bytes.flip(), (int) done, n);
        }
    }

    private void readFully(ByteBuffer bytes, long position) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
            int n = channel.read(bytes, at);
            if (n < 0) {
                throw new EOFException(path + " ends at byte " + at);
            }
            at += n;
        }
    }

    private void readHeader() throws IOException, RejectedException {
        long size = channel.size();
        if (size < 8) {
            throw malformed("it has " + size + " bytes, too few for a header");
        }
        ByteBuffer prefix = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        readFully(prefix, 0);
        long length = prefix.getLong(0);
        if (length < 2 || length > size - 8 || length > LARGEST_HEADER) {
            throw malformed("its header claims " + length + " bytes");
        }
        ByteBuffer header = ByteBuffer.allocate((int) length);
        readFully(header, 8);
        JsonNode root;
        try {
            root = JSON.readTree(header.array());
        } catch (IOException e) {
            throw malformed("its header is not JSON: " + e.getMessage());
        }
        if (root == null || !root.isObject()) {
            throw malformed("its header is not a JSON object");
        }
        for (Map.Entry<String, JsonNode> field : root.properties()) {
            if (field.getKey().equals("__metadata__")) {
                readMetadata(field.getValue());
            } else {
                entries.put(field.getKey(), readEntry(field.getKey(), field.getValue(), 8 + length, size));
            }
        }
        checkContiguous(8 + length, size);
    }

    private void readMetadata(JsonNode node) throws RejectedException {
        if (!node.isObject()) {
            throw malformed("__metadata__ is not an object");
        }
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            if (!field.getValue().isTextual()) {
                throw malformed("__metadata__." + field.getKey() + " is not a string");
            }
            metadata.put(field.getKey(), field.getValue().textValue());
        }
    }

    private TensorInfo readEntry(String name, JsonNode node, long dataStart, long size) throws RejectedException {
        ElementType type = type(name, node.path("dtype").asText());
        List<Long> shape = longs(name, node.path("shape"));
        List<Long> offsets = longs(name, node.path("data_offsets"));
        if (offsets.size() != 2 || offsets.get(0) > offsets.get(1) || offsets.get(1) > size - dataStart) {
            throw malformed("tensor " + name + " lies at " + offsets + " of " + (size - dataStart) + " bytes");
        }
        long length = offsets.get(1) - offsets.get(0);
        long expected = type.bytes();
        try {
            for (long dimension : shape) {
                expected = Math.multiplyExact(expected, dimension);
            }
        } catch (ArithmeticException e) {
            throw malformed("tensor " + name + " has shape " + shape);
        }
        if (expected != length) {
            throw malformed("tensor " + name + " of type " + type.safetensorsName() + " and shape " + shape + " has "
                    + length + " bytes");
        }
        return new TensorInfo(name, type, shape, path, dataStart + offsets.get(0), length);
    }

    private ElementType type(String name, String dtype) throws RejectedException {
        return ElementType.ofSafetensorsName(dtype)
                .orElseThrow(() -> malformed("tensor " + name + " has dtype '" + dtype + "', which is not supported"));
    }

    private List<Long> longs(String name, JsonNode array) throws RejectedException {
        if (!array.isArray()) {
            throw malformed("tensor " + name + " lacks a shape or data_offsets");
        }
        List<Long> longs = new ArrayList<>();
        for (JsonNode element : array) {
            if (!element.isIntegralNumber() || !element.canConvertToLong() || element.longValue() < 0) {
                throw malformed("tensor " + name + " has " + element + " where a size stands");
            }
            longs.add(element.longValue());
        }
        return longs;
    }

    private void checkContiguous(long dataStart, long size) throws RejectedException {
        List<TensorInfo> inOrder = new ArrayList<>(entries.values());
        inOrder.sort(Comparator.comparingLong(TensorInfo::offset).thenComparingLong(TensorInfo::length));
        long end = dataStart;
        for (TensorInfo entry : inOrder) {
            if (entry.offset() != end) {
                throw malformed("tensor " + entry.name() + " overlaps another or leaves a gap");
            }
            end += entry.length();
        }
        if (end != size) {
            throw malformed("it has " + (size - end) + " bytes after its last tensor");
        }
    }

    private RejectedException malformed(String what) {
        Optional<FileKind> kind = FileKind.of(path).filter(found -> found != FileKind.SAFETENSORS);
        if (kind.isPresent()) {
            return new RejectedException(
                    RejectionCode.NOT_SAFETENSORS,
                    "The file '" + path.getFileName() + "' " + kind.get().what() + ". "
                            + kind.get().advice() + ".");
        }
        return new RejectedException(
                RejectionCode.NOT_SAFETENSORS,
                path.getFileName() + " is not a readable safetensors file: " + what + ".");
    }
}
