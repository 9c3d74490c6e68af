package dev.koine.engine.linalg;

import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The sum of {@code x x^T} over float32 vectors, as its lower triangle, row by row. Sums are float32
 * over a panel of vectors and double over panels, in one fixed order whatever the threads. For one caller at a time.
 */
public final class GramTotal {
    private static final int PANEL = 128;
    private static final int AT_ONCE = 8;

    private final int size;
    private final float[] panel;
    private final double[] total;

    /**
     * A sum of nothing.
     *
     * @param size the length of the vectors
     */
    public GramTotal(int size) {
        this.size = size;
        panel = new float[at(size)];
        total = new double[panel.length];
    }

    /**
     * Adds vectors.
     *
     * @param rows [count, size], row-major
     * @param parts into how many the work is cut
     */
    public void add(float[] rows, int count, WorkPool pool, int parts) throws IOException, RejectedException {
        List<WorkPool.Part<Integer>> work = new ArrayList<>();
        int from = 0;
        for (int part = 1; part <= parts; part++) {
            long end = (long) total.length * part / parts;
            int first = from;
            while (from < size && (part == parts || at(from) < end)) {
                from++;
            }
            int last = from;
            work.add(() -> {
                add(rows, count, first, last);
                return last - first;
            });
        }
        pool.runAll(work);
    }

    /** The sum; the caller does not change it. */
    public double[] packed() {
        return total;
    }

    /** Whether the diagonal is of finite numbers. */
    public boolean isFinite() {
        for (int i = 0; i < size; i++) {
            if (!Double.isFinite(total[at(i) + i])) {
                return false;
            }
        }
        return true;
    }

    /** Where a row begins. */
    private int at(int row) {
        return Math.toIntExact(row * (row + 1L) / 2);
    }

    private void add(float[] rows, int count, int first, int last) {
        for (int from = 0; from < count; from += PANEL) {
            int to = Math.min(from + PANEL, count);
            for (int i = first; i < last; i++) {
                addPanel(rows, from, to, i);
            }
            for (int k = at(first); k < at(last); k++) {
                total[k] += panel[k];
                panel[k] = 0;
            }
        }
    }

    private void addPanel(float[] rows, int from, int to, int i) {
        int at = at(i);
        int length = i + 1;
        int p = from;
        for (; p <= to - AT_ONCE; p += AT_ONCE) {
            addEight(rows, p * size, i, panel, at, length);
        }
        for (; p < to; p++) {
            int x = p * size;
            float t = rows[p * size + i];
            for (int j = 0; j < length; j++) {
                panel[at + j] += t * rows[x + j];
            }
        }
    }

    private void addEight(float[] rows, int x0, int own, float[] sums, int at, int length) {
        int x1 = x0 + size;
        int x2 = x1 + size;
        int x3 = x2 + size;
        int x4 = x3 + size;
        int x5 = x4 + size;
        int x6 = x5 + size;
        int x7 = x6 + size;
        float t0 = rows[x0 + own];
        float t1 = rows[x1 + own];
        float t2 = rows[x2 + own];
        float t3 = rows[x3 + own];
        float t4 = rows[x4 + own];
        float t5 = rows[x5 + own];
        float t6 = rows[x6 + own];
        float t7 = rows[x7 + own];
        for (int j = 0; j < length; j++) {
            sums[at + j] += ((t0 * rows[x0 + j] + t1 * rows[x1 + j]) + (t2 * rows[x2 + j] + t3 * rows[x3 + j]))
                    + ((t4 * rows[x4 + j] + t5 * rows[x5 + j]) + (t6 * rows[x6 + j] + t7 * rows[x7 + j]));
        }
    }
}
