package dev.koine.engine.statistics;

import dev.koine.engine.safetensors.SafetensorsWriter;
import dev.koine.engine.statistics.Statistics.About;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.FloatEncoding;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Writes {@link Statistics}: the same bytes for the same content, whatever the order. Keeps what the file keeps, so the matrices that are given need
 * not stay.
 */
public final class StatisticsWriter {
    private final SafetensorsWriter writer = new SafetensorsWriter();
    private final int rank;
    private boolean isDescribed;
    private int inputs;

    /**
     * Of what {@link #about} is told later.
     *
     * @param rank how many eigenvectors of each input are kept
     */
    public StatisticsWriter(int rank) {
        this.rank = rank;
        writer.metadata(
                Map.of(Statistics.FORMAT, Statistics.FORMAT_NAME, Statistics.VERSION, Statistics.FIRST_VERSION));
    }

    public StatisticsWriter(About about) {
        this(LowRankGram.RANK);
        about(about);
    }

    /** Says what was measured; has to be called before {@link #writeTo}. */
    public StatisticsWriter about(About about) {
        writer.metadata(about.metadata());
        isDescribed = true;
        return this;
    }

    /**
     * Adds the Gram matrix of an input, or any positive multiple of it.
     *
     * @param gram its lower triangle, row by row
     * @throws IllegalArgumentException if there is one of this input, it has another length, or a number is not finite or a diagonal negative
     */
    public StatisticsWriter add(LayerInput input, double[] gram) {
        int size = input.size();
        if (gram.length != input.packedSize()) {
            throw new IllegalArgumentException(
                    gram.length + " numbers for " + input.key() + ", which has " + input.packedSize());
        }
        for (int i = 0, at = 0; i < size; at += ++i) {
            for (int j = 0; j <= i; j++) {
                if (!Double.isFinite(gram[at + j]) || (i == j && gram[at + j] < 0)) {
                    throw new IllegalArgumentException("The matrix of " + input.key() + " has " + gram[at + j]
                            + " in row " + i + ", column " + j + ".");
                }
            }
        }
        LowRankGram kept = LowRankGram.of(gram, size, rank);
        add(input.key() + Statistics.DIAGONAL, ElementType.FLOAT, kept.diagonal(), List.of((long) size));
        if (kept.rank() > 0) {
            List<Long> shape = List.of((long) kept.rank(), (long) size);
            add(input.key() + Statistics.FACTORS, ElementType.FLOAT16, kept.factors(), shape);
        }
        inputs++;
        return this;
    }

    /** The number of inputs that have been added. */
    public int inputs() {
        return inputs;
    }

    /** Writes the file; leaves {@code out} open. */
    public void writeTo(OutputStream out) throws IOException {
        if (!isDescribed) {
            throw new IllegalStateException("Nobody said what these statistics are of.");
        }
        writer.writeTo(out);
    }

    /** Writes {@link Statistics#FILE} in a folder. */
    public void writeIn(Path folder) throws IOException {
        try (OutputStream file = new BufferedOutputStream(Files.newOutputStream(folder.resolve(Statistics.FILE)))) {
            writeTo(file);
        }
    }

    private void add(String name, ElementType type, float[] values, List<Long> shape) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        FloatEncoding.encode(type, values, 0, values.length, bytes);
        byte[] encoded = bytes.array();
        writer.tensor(name, type, shape, out -> out.write(encoded));
    }
}
