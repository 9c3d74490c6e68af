package dev.koine.engine.taskvector;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.linalg.LowRank;
import dev.koine.engine.safetensors.Safetensors;
import dev.koine.engine.safetensors.SafetensorsWriter;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.Transposed;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/**
 * A task vector on disk: a safetensors file that holds blocks. The same content gives the same bytes.
 *
 * <pre>
 *   &lt;first key&gt;@&lt;from&gt;.dense    [numel]                 a dense block
 *   &lt;first key&gt;@&lt;from&gt;.u        [rows, rank]            a LoRS block: its factors, if its rank is over 0,
 *   &lt;first key&gt;@&lt;from&gt;.v        [rank, columns]
 *   &lt;first key&gt;@&lt;from&gt;.mask     [ceil(numel / 8)] U8    and its sparse part, if it keeps anything:
 *   &lt;first key&gt;@&lt;from&gt;.values   [keep]                  bit i % 8 of byte i / 8 marks element i
 *   __metadata__               koine.format, koine.version, koine.blocks (a JSON array of {@link Entry}), and the caller's
 * </pre>
 *
 * <p>Dense elements, factors and values are F32 or F16, after the block's precision; where that is an integer they are U8, with F32 scales
 * beside them under {@code .scales} ({@link Quantization}), and the version is 2. Where a dense block is the transpose's, too ({@link Transposed}), the
 * version is 3. A file of another version is refused by name, and so is one with a tensor that no block explains.
 */
public final class TaskVectorFile implements AutoCloseable {
    private static final String RESERVED = "koine.";
    private static final String FORMAT = "koine.format";
    private static final String VERSION = "koine.version";
    private static final String BLOCKS = "koine.blocks";
    private static final String FORMAT_NAME = "koine-task-vector";
    private static final String OF_FLOATS = "1";
    private static final String WITH_INTEGERS = "2";
    private static final String WITH_TRANSPOSES = "3";
    private static final JsonMapper JSON = new JsonMapper();

    private final Safetensors file;
    private final List<Entry> blocks;
    private final Map<String, String> metadata;

    /**
     * A block with its place.
     *
     * @param weights keys of the base weights that the run belongs to; more than one for tied weights, {@link Transposed marked} where
     *     those hold the transpose
     * @param from the run's first element in each of them
     */
    public record Block(List<String> weights, long from, PrunedBlock values) {
        public Block {
            weights = List.copyOf(weights);
        }
    }

    /**
     * What the file says about a block without its elements; rows is 1 for a dense block.
     *
     * @param weights keys of the base weights that the run belongs to, as in {@link Block}
     * @param from the run's first element in each of them
     */
    public record Entry(
            List<String> weights,
            long from,
            boolean dense,
            Precision precision,
            int rows,
            int columns,
            int rank,
            int keep) {
        public Entry {
            weights = List.copyOf(weights);
            Objects.requireNonNull(precision);
        }

        /** The number of elements of the run. */
        public int numel() {
            return rows * columns;
        }

        String name(String part) {
            return weights.get(0) + "@" + from + "." + part;
        }

        StoredFloats floats(String part, long... shape) {
            return new StoredFloats(
                    name(part), precision, Arrays.stream(shape).boxed().toList());
        }

        private static Entry of(Block block) {
            PrunedBlock values = block.values();
            if (values instanceof LorsBlock lors) {
                LowRank factors = lors.lowRank();
                return new Entry(
                        block.weights(),
                        block.from(),
                        false,
                        values.precision(),
                        factors.rows(),
                        factors.columns(),
                        factors.rank(),
                        lors.keep());
            }
            return new Entry(block.weights(), block.from(), true, values.precision(), 1, values.numel(), 0, 0);
        }
    }

    private TaskVectorFile(Safetensors file) throws RejectedException {
        this.file = file;
        String format = file.metadata().getOrDefault(FORMAT, "missing");
        String version = file.metadata().getOrDefault(VERSION, "missing");
        boolean isKnown = List.of(OF_FLOATS, WITH_INTEGERS, WITH_TRANSPOSES).contains(version);
        if (!format.equals(FORMAT_NAME) || !isKnown) {
            throw malformed("its format is '" + format + "', version '" + version + "', and this reader knows "
                    + FORMAT_NAME + " version " + OF_FLOATS + " to " + WITH_TRANSPOSES);
        }
        try {
            blocks = List.copyOf(
                    JSON.readValue(file.metadata().getOrDefault(BLOCKS, ""), new TypeReference<List<Entry>>() {}));
        } catch (JsonProcessingException | NullPointerException e) {
            throw malformed("its list of blocks is unreadable");
        }
        TreeMap<String, String> own = new TreeMap<>(file.metadata());
        own.keySet().removeIf(key -> key.startsWith(RESERVED));
        metadata = Collections.unmodifiableMap(own);
        if (version.compareTo(version(blocks)) < 0) {
            throw malformed("its version is " + version + ", and it lists "
                    + (version(blocks).equals(WITH_INTEGERS) ? "integers" : "transposes"));
        }
        new IndexCheck(file.entries()).require(blocks);
    }

    /**
     * Writes a task vector to a file, which is overwritten if it is there.
     *
     * @throws IllegalArgumentException as {@link #write(OutputStream, List, Map)}
     */
    public static void write(Path path, List<Block> blocks, Map<String, String> metadata) throws IOException {
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(path), 1 << 16)) {
            write(out, blocks, metadata);
        }
    }

    /**
     * Writes a task vector; the order of the blocks does not matter. Leaves {@code out} open.
     *
     * @param metadata the caller's strings; keys that begin with {@code koine.} are reserved
     * @throws IllegalArgumentException for a reserved key, a block without weights, or two blocks with the same first weight and
     *     first element
     */
    public static void write(OutputStream out, List<Block> blocks, Map<String, String> metadata) throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter();
        List<Entry> index = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Block block : blocks) {
            if (block.weights().isEmpty() || block.from() < 0) {
                throw new IllegalArgumentException("a block of " + block.weights() + " from " + block.from());
            }
            Entry entry = Entry.of(block);
            if (!names.add(entry.name(""))) {
                throw new IllegalArgumentException("a second block " + entry.name(""));
            }
            index.add(entry);
            addTensors(writer, entry, block.values());
        }
        index.sort(Comparator.<Entry, String>comparing(entry -> entry.weights().get(0))
                .thenComparingLong(Entry::from));
        for (String key : metadata.keySet()) {
            if (key.startsWith(RESERVED)) {
                throw new IllegalArgumentException("the metadata key " + key + " is reserved");
            }
        }
        writer.metadata(metadata)
                .metadata(Map.of(FORMAT, FORMAT_NAME, VERSION, version(index), BLOCKS, JSON.writeValueAsString(index)))
                .writeTo(out);
    }

    /** The oldest that says it all. */
    private static String version(List<Entry> index) {
        if (index.stream().flatMap(block -> block.weights().stream()).anyMatch(Transposed::isMarked)) {
            return WITH_TRANSPOSES;
        }
        return index.stream().anyMatch(block -> block.precision().isInteger()) ? WITH_INTEGERS : OF_FLOATS;
    }

    /**
     * Opens a task vector and checks its index against the file.
     *
     * @throws RejectedException {@code NOT_SAFETENSORS} if it is malformed or of an unknown version
     */
    public static TaskVectorFile open(Path path) throws IOException, RejectedException {
        Safetensors file = Safetensors.open(path);
        try {
            return new TaskVectorFile(file);
        } catch (RejectedException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** The caller's strings. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** The blocks, by first weight and first element. */
    public List<Entry> blocks() {
        return blocks;
    }

    /**
     * Reads one block of {@link #blocks()}.
     *
     * @throws RejectedException {@code NON_FINITE} if a value is not finite, {@code NOT_SAFETENSORS} if mask and values disagree
     */
    public PrunedBlock read(Entry block) throws IOException, RejectedException {
        if (block.dense()) {
            return new DenseBlock(
                    block.precision(), block.floats("dense", block.columns()).read(file));
        }
        int rank = block.rank();
        LowRank lowRank = new LowRank(
                block.rows(),
                block.columns(),
                rank,
                rank > 0 ? block.floats("u", block.rows(), rank).read(file) : new float[0],
                rank > 0 ? block.floats("v", rank, block.columns()).read(file) : new float[0]);
        if (block.keep() == 0) {
            return new LorsBlock(block.precision(), lowRank, new long[0], new float[0]);
        }
        long[] mask = mask(block);
        return new LorsBlock(
                block.precision(),
                lowRank,
                mask,
                block.floats("values", block.keep()).read(file));
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    private static void addTensors(SafetensorsWriter writer, Entry entry, PrunedBlock values) {
        if (values instanceof DenseBlock dense) {
            entry.floats("dense", dense.numel()).addTo(writer, dense.values());
        } else if (values instanceof LorsBlock lors) {
            LowRank factors = lors.lowRank();
            long rank = factors.rank();
            if (rank > 0) {
                entry.floats("u", factors.rows(), rank).addTo(writer, factors.u());
                entry.floats("v", rank, factors.columns()).addTo(writer, factors.v());
            }
            if (lors.keep() > 0) {
                entry.floats("values", lors.keep()).addTo(writer, lors.values());
                long bytes = maskBytes(lors.numel());
                writer.tensor(entry.name("mask"), ElementType.UINT8, List.of(bytes), out -> {
                    ByteBuffer buffer =
                            ByteBuffer.allocate(lors.mask().length * 8).order(ByteOrder.LITTLE_ENDIAN);
                    buffer.asLongBuffer().put(lors.mask());
                    out.write(buffer.array(), 0, (int) bytes);
                });
            }
        }
    }

    /** The bytes of a mask over so many elements. */
    static int maskBytes(int numel) {
        return (int) (((long) numel + 7) / 8);
    }

    private long[] mask(Entry block) throws IOException, RejectedException {
        TensorInfo entry = entry(block.name("mask"));
        long[] mask = new long[(int) (((long) block.numel() + 63) / 64)];
        byte[] bytes = new byte[mask.length * 8];
        file.read(entry, 0, (int) entry.numel(), bytes, 0);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(mask);
        int kept = 0;
        for (long word : mask) {
            kept += Long.bitCount(word);
        }
        int tail = block.numel() % 64;
        boolean beyond = tail != 0 && (mask[mask.length - 1] & -1L << tail) != 0;
        if (kept != block.keep() || beyond) {
            throw malformed(
                    "the mask " + entry.name() + " does not mark the " + block.keep() + " entries that are kept");
        }
        return mask;
    }

    private TensorInfo entry(String name) {
        return file.entry(name).orElseThrow(() -> new IllegalArgumentException(name + " is not in this file"));
    }

    /** The rejection of a file that is no task vector. */
    static RejectedException malformed(String what) {
        return new RejectedException(
                RejectionCode.NOT_SAFETENSORS,
                "The file is not a task vector that can be read here: " + what + ". Prune the expert again.");
    }
}
