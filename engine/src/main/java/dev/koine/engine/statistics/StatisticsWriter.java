package dev.koine.engine.statistics;

import dev.koine.engine.safetensors.SafetensorsWriter;
import dev.koine.engine.statistics.Statistics.About;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.FloatEncoding;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;

/**
 * Writes {@link Statistics}: the same bytes for the same content, whatever the order. Keeps what the file keeps, so the matrices that are given need
 * not stay.
 */
public final class StatisticsWriter {
    private final SafetensorsWriter writer = new SafetensorsWriter();

    public StatisticsWriter(About about) {
        writer.metadata(about.metadata())
                .metadata(Map.of(
                        Statistics.FORMAT, Statistics.FORMAT_NAME, Statistics.VERSION, Statistics.FIRST_VERSION));
    }

    /**
     * Adds the Gram matrix of an input, or any positive multiple of it.
     *
     * @param gram packed as {@link Statistics#gram} gives it
     * @throws IllegalArgumentException if there is one of this input, it has another length, or a number is not finite or a diagonal negative
     */
    public StatisticsWriter add(LayerInput input, double[] gram) {
        int size = input.size();
        if (gram.length != input.packedSize()) {
            throw new IllegalArgumentException(
                    gram.length + " numbers for " + input.key() + ", which has " + input.packedSize());
        }
        double[] roots = roots(input, gram);
        float[] scales = new float[size];
        double norm = norm(roots);
        for (int i = 0; i < size; i++) {
            scales[i] = norm == 0 ? 0 : (float) (roots[i] / norm);
        }
        float[] correlations = correlations(input, gram, roots);
        add(input.key() + Statistics.SCALE, ElementType.FLOAT, scales);
        if (correlations.length > 0) {
            add(input.key() + Statistics.CORRELATION, ElementType.FLOAT16, correlations);
        }
        return this;
    }

    /** Writes the file; leaves {@code out} open. */
    public void writeTo(OutputStream out) throws IOException {
        writer.writeTo(out);
    }

    private static double[] roots(LayerInput input, double[] gram) {
        double[] roots = new double[input.size()];
        int at = 0;
        for (int start = 0; start < input.size(); start += input.block()) {
            int end = Math.min(start + input.block(), input.size());
            for (int i = start; i < end; i++) {
                at += i - start;
                if (!(gram[at] >= 0) || Double.isInfinite(gram[at])) {
                    throw new IllegalArgumentException("The diagonal of " + input.key() + " has " + gram[at] + ".");
                }
                roots[i] = Math.sqrt(gram[at++]);
            }
        }
        return roots;
    }

    /** The root of the mean square. */
    private static double norm(double[] roots) {
        double largest = 0;
        for (double root : roots) {
            largest = Math.max(largest, root);
        }
        double sum = 0;
        for (double root : roots) {
            double part = largest == 0 ? 0 : root / largest;
            sum += part * part;
        }
        return largest * Math.sqrt(sum / roots.length);
    }

    private static float[] correlations(LayerInput input, double[] gram, double[] roots) {
        float[] correlations = new float[input.packedSize() - input.size()];
        int at = 0;
        int to = 0;
        for (int start = 0; start < input.size(); start += input.block()) {
            int end = Math.min(start + input.block(), input.size());
            for (int i = start; i < end; i++) {
                for (int j = start; j < i; j++) {
                    double both = roots[i] * roots[j];
                    double correlation = both == 0 ? 0 : gram[at] / both;
                    if (!Double.isFinite(gram[at])) {
                        throw new IllegalArgumentException("The matrix of " + input.key() + " has " + gram[at] + ".");
                    }
                    at++;
                    correlations[to++] = (float) Math.max(-1, Math.min(1, correlation));
                }
                at++;
            }
        }
        return correlations;
    }

    private void add(String name, ElementType type, float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        FloatEncoding.encode(type, values, 0, values.length, bytes);
        byte[] encoded = bytes.array();
        writer.tensor(name, type, List.of((long) values.length), out -> out.write(encoded));
    }
}
