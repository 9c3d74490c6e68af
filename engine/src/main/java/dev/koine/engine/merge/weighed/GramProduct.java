package dev.koine.engine.merge.weighed;

import dev.koine.engine.linalg.LowRank;
import dev.koine.engine.linalg.RowSums;
import dev.koine.engine.statistics.LowRankGram;
import dev.koine.engine.taskvector.LorsBlock;
import dev.koine.engine.taskvector.PrunedBlock;
import java.io.IOException;
import java.util.Arrays;

/**
 * The product of a run of a task vector's elements and a Gram {@code G = diag(d) + F^T F}, in double and in a fixed order: {@code G D} of a weight
 * {@code [in, out]}, {@code D G} of one that is {@code [out, in]}. A task vector's factors are multiplied with the Gram before they are multiplied with one
 * another.
 *
 * @param gram of size n
 * @param other the weight's other dimension
 * @param isOutputFirst whether the weight is {@code [other, n]}
 */
record GramProduct(LowRankGram gram, int other, boolean isOutputFirst) {

    /** Takes a product, which is added to what other runs give of the same weight. */
    @FunctionalInterface
    interface Step {
        /** @param from the first element in the weight */
        void take(long from, double[] product) throws IOException;
    }

    /** What a run of the task vector gives. */
    void of(long from, PrunedBlock values, Step step) throws IOException {
        int columns = isOutputFirst ? gram.size() : other;
        boolean isRows = from % columns == 0 && values.numel() % columns == 0;
        if (isRows
                && values instanceof LorsBlock lors
                && lors.keep() == 0
                && lors.lowRank().columns() == columns) {
            factors(from, lors.lowRank(), step);
        } else {
            elements(from, values, step);
        }
    }

    private void factors(long from, LowRank factors, Step step) throws IOException {
        int rank = factors.rank();
        double[] u = doubles(factors.u());
        double[] v = doubles(factors.v());
        if (isOutputFirst) {
            step.take(from, product(u, factors.rows(), rank, timesGram(v, rank), gram.size()));
        } else {
            double[] weighed = gramTimes(u, (int) (from / other), factors.rows(), rank);
            step.take(0, product(weighed, gram.size(), rank, v, other));
        }
    }

    private void elements(long from, PrunedBlock values, Step step) throws IOException {
        int columns = isOutputFirst ? gram.size() : other;
        int firstRow = (int) (from / columns);
        int rows = (int) ((from + values.numel() + columns - 1) / columns) - firstRow;
        float[] run = new float[rows * columns];
        values.read(0, values.numel(), run, (int) (from - (long) firstRow * columns));
        double[] elements = doubles(run);
        if (isOutputFirst) {
            step.take((long) firstRow * columns, timesGram(elements, rows));
        } else {
            step.take(0, gramTimes(elements, firstRow, rows, other));
        }
    }

    /**
     * The Gram times some rows of a matrix, the others of which are zero.
     *
     * @param matrix {@code [rows, width]}
     * @return {@code [n, width]}
     */
    private double[] gramTimes(double[] matrix, int firstRow, int rows, int width) {
        int n = gram.size();
        double[] product = new double[n * width];
        double[] seen = new double[width];
        for (int k = 0; k < gram.rank(); k++) {
            int factor = k * n;
            Arrays.fill(seen, 0);
            for (int i = 0; i < rows; i++) {
                addRow(seen, 0, matrix, i * width, width, gram.factors()[factor + firstRow + i]);
            }
            for (int i = 0; i < n; i++) {
                addRow(product, i * width, seen, 0, width, gram.factors()[factor + i]);
            }
        }
        for (int i = 0; i < rows; i++) {
            addRow(product, (firstRow + i) * width, matrix, i * width, width, gram.diagonal()[firstRow + i]);
        }
        return product;
    }

    private static void addRow(double[] target, int at, double[] source, int from, int count, double factor) {
        for (int j = 0; j < count; j++) {
            target[at + j] += factor * source[from + j];
        }
    }

    /** Some rows times the Gram, which is symmetric. */
    private double[] timesGram(double[] rows, int count) {
        int n = gram.size();
        double[] product = new double[count * n];
        for (int k = 0; k < gram.rank(); k++) {
            for (int i = 0; i < count; i++) {
                double seen = 0;
                for (int j = 0; j < n; j++) {
                    seen += rows[i * n + j] * gram.factors()[k * n + j];
                }
                for (int j = 0; j < n; j++) {
                    product[i * n + j] += seen * gram.factors()[k * n + j];
                }
            }
        }
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < n; j++) {
                product[i * n + j] += rows[i * n + j] * gram.diagonal()[j];
            }
        }
        return product;
    }

    private static double[] product(double[] left, int rows, int inner, double[] right, int columns) {
        double[] product = new double[rows * columns];
        double[] row = new double[columns];
        for (int i = 0; i < rows; i++) {
            Arrays.fill(row, 0);
            RowSums.add(left, i * inner, right, 0, inner, columns, row);
            System.arraycopy(row, 0, product, i * columns, columns);
        }
        return product;
    }

    private static double[] doubles(float[] values) {
        double[] doubles = new double[values.length];
        Arrays.setAll(doubles, i -> values[i]);
        return doubles;
    }
}
