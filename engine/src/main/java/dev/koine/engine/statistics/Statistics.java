package dev.koine.engine.statistics;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.safetensors.Safetensors;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.LongPredicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The statistics of a language under a base, open: a safetensors file with the {@link LowRankGram} of each {@link LayerInput}.
 * Safe for use by several threads.
 *
 * <pre>
 *   &lt;key&gt;.diagonal      [size] F32
 *   &lt;key&gt;.factors       [rank, size] F16   left out where the rank is 0
 *   __metadata__        koine.format, koine.version, and what {@link About} says
 * </pre>
 *
 * <p>Sizes and names are checked when it is opened, numbers when they are read.
 */
public final class Statistics implements AutoCloseable {
    /** The name of the file in a folder of statistics. */
    public static final String FILE = "statistics.safetensors";

    static final String FORMAT = "koine.format";
    static final String VERSION = "koine.version";
    static final String FORMAT_NAME = "koine-statistics";
    static final String FIRST_VERSION = "1";
    static final String DIAGONAL = ".diagonal";
    static final String FACTORS = ".factors";

    private static final long MOST_BYTES = 2L << 30;
    private static final int LARGEST_HEADER = 8 << 20;
    /** Eigenvectors of an input, at most: more are no low rank. */
    public static final int MOST_RANK = 1024;

    /** How far the mean of a diagonal may be from 1: what rounding leaves of it, with room. */
    private static final double MEAN_TOLERANCE = 0.01;

    private final Safetensors file;
    private final About about;

    /**
     * What was measured.
     *
     * @param base digest of the base, {@code sha256:} and 64 digits
     * @param language BCP 47 tag
     * @param utterances that went in
     * @param positions the number of activations of the layer input that had most
     */
    public record About(String base, String language, int utterances, long positions) {
        static final String BASE = "koine.base";
        static final String LANGUAGE = "koine.language";
        static final String UTTERANCES = "koine.utterances";
        static final String POSITIONS = "koine.positions";

        private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");
        private static final Pattern TAG = Pattern.compile("[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}");
        private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]{0,17}");

        public About {
            if (!DIGEST.matcher(base).matches()
                    || !TAG.matcher(language).matches()
                    || utterances < 1
                    || positions < 1) {
                throw new IllegalArgumentException("statistics of " + utterances + " utterances, " + positions
                        + " positions of the language '" + language + "' under the base " + base);
            }
        }

        Map<String, String> metadata() {
            return Map.of(
                    BASE,
                    base,
                    LANGUAGE,
                    language,
                    UTTERANCES,
                    Integer.toString(utterances),
                    POSITIONS,
                    Long.toString(positions));
        }

        private static About of(Map<String, String> metadata) throws RejectedException {
            String base = text(metadata, BASE, DIGEST);
            String language = text(metadata, LANGUAGE, TAG);
            long utterances = number(metadata, UTTERANCES, number -> number <= Integer.MAX_VALUE);
            return new About(base, language, (int) utterances, number(metadata, POSITIONS, number -> true));
        }

        private static long number(Map<String, String> metadata, String key, LongPredicate isPossible)
                throws RejectedException {
            long number = Long.parseLong(text(metadata, key, NUMBER));
            if (!isPossible.test(number)) {
                throw malformed("its " + key + " is " + number);
            }
            return number;
        }

        private static String text(Map<String, String> metadata, String key, Pattern pattern) throws RejectedException {
            String text = metadata.get(key);
            if (text == null) {
                throw malformed("it lacks " + key);
            }
            if (!pattern.matcher(text).matches()) {
                throw malformed("its " + key + " is '" + Quote.of(text) + "'");
            }
            return text;
        }
    }

    private Statistics(Safetensors file) throws RejectedException {
        this.file = file;
        String format = file.metadata().getOrDefault(FORMAT, "missing");
        String version = file.metadata().getOrDefault(VERSION, "missing");
        if (!format.equals(FORMAT_NAME) || !version.equals(FIRST_VERSION)) {
            throw malformed("its format is '" + Quote.of(format) + "', version '" + Quote.of(version)
                    + "', and this reader knows " + FORMAT_NAME + " version " + FIRST_VERSION);
        }
        about = About.of(file.metadata());
        for (TensorInfo tensor : file.entries().values()) {
            check(tensor);
        }
    }

    /**
     * Opens statistics.
     *
     * @throws RejectedException {@code NOT_SAFETENSORS} if the file is malformed or of an unknown version, {@code TOO_LARGE} if it or its header
     *     is larger than statistics are
     */
    public static Statistics open(Path path) throws IOException, RejectedException {
        requireSmall(path);
        Safetensors file = Safetensors.open(path);
        try {
            return new Statistics(file);
        } catch (RejectedException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    public About about() {
        return about;
    }

    /** The keys of the inputs, in order. */
    public List<String> keys() {
        return file.entries().keySet().stream()
                .filter(name -> name.endsWith(DIAGONAL))
                .map(name -> name.substring(0, name.length() - DIAGONAL.length()))
                .toList();
    }

    /** Whether there is a Gram matrix of this input, of any size. */
    public boolean has(LayerInput input) {
        return file.entry(input.key() + DIAGONAL).isPresent();
    }

    /**
     * The Gram matrix of an input.
     *
     * @throws RejectedException {@code NOT_SAFETENSORS} if there is none, it has another size, its diagonal has a negative element, or the mean of what it
     *     comes to is not 1; {@code NON_FINITE} if a number is not finite
     */
    public LowRankGram gram(LayerInput input) throws IOException, RejectedException {
        int size = input.size();
        String name = input.key() + FACTORS;
        @Nullable TensorInfo entry = file.entry(name).orElse(null);
        int rank = 0;
        if (entry != null) {
            rank = entry.shape().get(0).intValue();
            if (entry.shape().get(1) != size) {
                throw malformed(Quote.of(name) + " has rows of " + entry.shape().get(1)
                        + " numbers, and the base needs " + size);
            }
        }
        LowRankGram gram = new LowRankGram(
                read(input.key() + DIAGONAL, size), rank, rank == 0 ? new float[0] : read(name, rank * size));
        require(input.key(), gram);
        return gram;
    }

    private static void require(String key, LowRankGram gram) throws RejectedException {
        for (int i = 0; i < gram.size(); i++) {
            if (gram.diagonal()[i] < 0) {
                throw malformed("element " + i + " of " + Quote.of(key + DIAGONAL) + " is negative");
            }
        }
        double mean = gram.mean();
        if (mean != 0 && Math.abs(mean - 1) > MEAN_TOLERANCE) {
            throw malformed("the diagonal of " + Quote.of(key) + " has the mean " + mean + ", and not 1");
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    private void check(TensorInfo tensor) throws RejectedException {
        String name = tensor.name();
        List<Long> shape = tensor.shape();
        boolean isDiagonal = name.endsWith(DIAGONAL)
                && tensor.type() == ElementType.FLOAT
                && shape.size() == 1
                && shape.get(0) >= 1
                && shape.get(0) <= LayerInput.LARGEST;
        boolean isFactors = name.endsWith(FACTORS)
                && tensor.type() == ElementType.FLOAT16
                && shape.size() == 2
                && shape.get(0) >= 1
                && shape.get(0) <= MOST_RANK
                && shape.get(1) <= LayerInput.LARGEST
                && file.entry(name.substring(0, name.length() - FACTORS.length()) + DIAGONAL)
                        .isPresent();
        if (!isDiagonal && !isFactors) {
            throw malformed("the tensor " + Quote.of(name) + " of type "
                    + tensor.type().safetensorsName() + " and shape " + shape
                    + " is neither the diagonal of a layer's input nor the factors that belong to one");
        }
    }

    private float[] read(String name, int size) throws IOException, RejectedException {
        TensorInfo entry = file.entry(name).orElse(null);
        long found = entry == null ? 0 : entry.numel();
        if (found != size) {
            throw malformed(
                    found == 0
                            ? "it lacks " + Quote.of(name) + ", which the base has"
                            : Quote.of(name) + " has " + found + " numbers, and the base needs " + size);
        }
        float[] values = new float[size];
        if (entry != null) {
            file.read(entry, 0, size, values, 0);
        }
        for (int i = 0; i < size; i++) {
            if (!Float.isFinite(values[i])) {
                throw new RejectedException(
                        RejectionCode.NON_FINITE,
                        "Element " + i + " of " + Quote.of(name) + " in the statistics is " + values[i]
                                + ". Collect them again with koine statistics.");
            }
        }
        return values;
    }

    /** Before all of its header becomes objects. */
    private static void requireSmall(Path path) throws IOException, RejectedException {
        if (!Files.isRegularFile(path)) {
            throw new RejectedException(
                    RejectionCode.MISSING_FILE,
                    "There is no file " + path.getFileName()
                            + " in the folder. Name the folder that koine statistics wrote.");
        }
        long size = Files.size(path);
        ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel channel = FileChannel.open(path)) {
            channel.read(length, 0);
        }
        boolean isHeaderLarge = length.getLong(0) > LARGEST_HEADER && length.getLong(0) <= size;
        if (size > MOST_BYTES || isHeaderLarge) {
            throw new RejectedException(
                    RejectionCode.TOO_LARGE,
                    path.getFileName() + " has "
                            + (isHeaderLarge ? "a header of " + length.getLong(0) : Long.toString(size))
                            + " bytes, and statistics have at most " + (isHeaderLarge ? LARGEST_HEADER : MOST_BYTES)
                            + ". Name the " + FILE + " that koine statistics wrote.");
        }
    }

    private static RejectedException malformed(String what) {
        return new RejectedException(
                RejectionCode.NOT_SAFETENSORS,
                "The file is no statistics that can be read here: " + what
                        + ". Collect them again with koine statistics, from this base.");
    }
}
