package dev.koine.engine.own;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.store.Sha256;
import dev.koine.engine.taskvector.DenseBlock;
import dev.koine.engine.taskvector.LorsBlock;
import dev.koine.engine.taskvector.PrunedBlock;
import dev.koine.engine.taskvector.TaskVectorFile;
import dev.koine.engine.tensor.Transposed;
import dev.koine.engine.tensor.Weight;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The own term of an expert, as a file: a task vector ({@link TaskVectorFile}) that has a factor pair for each matrix and whole vectors, and nothing
 * else, with what it is of in its metadata. So whoever reads task vectors reads own terms, too.
 *
 * <pre>
 *   own.version   1
 *   own.base      sha256:..., the digest of the base that it is added to
 *   own.rank      the largest rank of a factor pair
 * </pre>
 *
 * <p>The same expert, rank and precision give the same bytes. Index and sizes are checked when it is opened, numbers when they are read.
 */
public final class OwnTerm implements AutoCloseable {
    /** What a file may have at most: Whisper large at rank 1024 in float32 stays below. */
    static final long MOST_BYTES = 4L << 30;

    /** Rank beyond which nothing is an own term. */
    public static final int MOST_RANK = 1024;

    private static final String VERSION = "own.version";
    private static final String BASE = "own.base";
    private static final String RANK = "own.rank";
    private static final String FIRST_VERSION = "1";
    private static final Pattern RANKS = Pattern.compile("[0-9]{1,4}");

    private final TaskVectorFile file;
    private final String base;
    private final int rank;

    private OwnTerm(TaskVectorFile file) throws RejectedException {
        this.file = file;
        Map<String, String> said = file.metadata();
        String version = said.getOrDefault(VERSION, "missing");
        if (!version.equals(FIRST_VERSION)) {
            throw malformed(
                    "its " + VERSION + " is '" + Quote.of(version) + "', and this reader knows " + FIRST_VERSION);
        }
        base = said.getOrDefault(BASE, "");
        if (!base.startsWith(Sha256.PREFIX) || !Sha256.isHex(base.substring(Sha256.PREFIX.length()))) {
            throw malformed("its " + BASE + " is '" + Quote.of(base) + "'");
        }
        String ranks = said.getOrDefault(RANK, "");
        rank = RANKS.matcher(ranks).matches() ? Integer.parseInt(ranks) : Integer.MAX_VALUE;
        if (rank > MOST_RANK) {
            throw malformed("its " + RANK + " is '" + Quote.of(ranks) + "', and " + MOST_RANK + " is the most");
        }
        for (TaskVectorFile.Entry block : file.blocks()) {
            boolean isWhole = block.from() == 0
                    && block.keep() == 0
                    && block.rank() <= rank
                    && block.weights().stream().noneMatch(Transposed::isMarked);
            if (!isWhole) {
                throw malformed("its block of '" + Quote.of(block.weights().get(0))
                        + "' is neither a factor pair of rank " + rank + " or less nor whole");
            }
        }
    }

    /**
     * Writes an own term to a file, which is overwritten if it is there.
     *
     * @param blocks as {@link OwnTermMaker} makes them
     * @param base the digest of the base, {@code sha256:} and 64 digits
     */
    public static void write(Path path, List<TaskVectorFile.Block> blocks, String base) throws IOException {
        int rank = blocks.stream().mapToInt(block -> rank(block.values())).max().orElse(0);
        Map<String, String> metadata =
                Map.of(VERSION, FIRST_VERSION, BASE, Sha256.PREFIX + Sha256.hexOf(base), RANK, Integer.toString(rank));
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(path), 1 << 16)) {
            TaskVectorFile.write(out, blocks, metadata);
        }
    }

    private static int rank(PrunedBlock block) {
        return block instanceof LorsBlock factors ? factors.lowRank().rank() : 0;
    }

    /**
     * Opens an own term and checks its index against the file.
     *
     * @throws RejectedException NOT_SAFETENSORS if it is malformed or of an unknown version, TOO_LARGE if it is larger than own terms are
     */
    public static OwnTerm open(Path path) throws IOException, RejectedException {
        long size = Files.size(path);
        if (size > MOST_BYTES) {
            throw new RejectedException(
                    RejectionCode.TOO_LARGE,
                    "It has " + size + " bytes, and an own term has at most " + MOST_BYTES
                            + ". Name the file that koine own wrote.");
        }
        TaskVectorFile file = TaskVectorFile.open(path);
        try {
            return new OwnTerm(file);
        } catch (RejectedException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** The digest of the base that it is added to. */
    public String base() {
        return base;
    }

    /** The largest rank of a factor pair. */
    public int rank() {
        return rank;
    }

    /** Its blocks, by first weight: with a rank the factor pair of a matrix, else all numbers of a weight. */
    public List<TaskVectorFile.Entry> blocks() {
        return file.blocks();
    }

    /**
     * Reads a block.
     *
     * @throws RejectedException NON_FINITE if a number is not finite, NOT_SAFETENSORS if integers and scales do not fit
     */
    public PrunedBlock read(TaskVectorFile.Entry block) throws IOException, RejectedException {
        PrunedBlock values = file.read(block);
        if (!(values instanceof DenseBlock) && !(values instanceof LorsBlock)) {
            throw new IllegalStateException("a block of " + values.getClass());
        }
        return values;
    }

    /**
     * Requires that it can be added to a base.
     *
     * @return the base's weights by block
     * @throws RejectedException TENSOR_MISMATCH if it was made for another base, or a weight is not there or has another shape
     */
    public Map<TaskVectorFile.Entry, List<Weight>> requireOf(ModelBundle model, String digest)
            throws RejectedException {
        if (!base.equals(digest)) {
            throw mismatch("it was made for the base " + base + ", and this one is " + digest);
        }
        Map<String, Weight> weights = new HashMap<>();
        model.weights().forEach(weight -> weights.put(weight.key(), weight));
        Map<TaskVectorFile.Entry, List<Weight>> found = new HashMap<>();
        for (TaskVectorFile.Entry block : blocks()) {
            for (String key : block.weights()) {
                Weight weight = Optional.ofNullable(weights.get(key))
                        .orElseThrow(() -> mismatch("the base has no weight '" + Quote.of(key) + "'"));
                List<Long> shape = weight.tensor().shape();
                boolean isLike = block.dense()
                        ? weight.tensor().numel() == block.numel()
                        : shape.equals(List.of((long) block.rows(), (long) block.columns()));
                if (!isLike) {
                    throw mismatch("'" + Quote.of(key) + "' is " + shape + " in the base, and its block has "
                            + block.rows() + " x " + block.columns() + " elements");
                }
                found.computeIfAbsent(block, absent -> new ArrayList<>()).add(weight);
            }
        }
        return found;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    static RejectedException mismatch(String what) {
        return new RejectedException(
                RejectionCode.TENSOR_MISMATCH,
                "The own term does not fit: " + what + ". Make it again with koine own, from this base.");
    }

    private static RejectedException malformed(String what) {
        return new RejectedException(
                RejectionCode.NOT_SAFETENSORS,
                "The file is no own term that can be read here: " + what + ". Make it again with koine own.");
    }
}
