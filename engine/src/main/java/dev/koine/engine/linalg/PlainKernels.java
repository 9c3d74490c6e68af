package dev.koine.engine.linalg;

/** The kernels in plain Java, and what the others are measured by. */
final class PlainKernels extends Kernels {
    private final String reason;

    /** @param reason why it is these: words in brackets behind "without the Vector API" */
    PlainKernels(String reason) {
        this.reason = reason;
    }

    @Override
    void dots(float[] a, int at, int count, float[] x, int n, float[] t, int from) {
        for (int i = 0; i < count; i++) {
            t[from + i] = dot(a, at + i * n, x, n);
        }
    }

    private static float dot(float[] a, int at, float[] x, int n) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        float s4 = 0;
        float s5 = 0;
        float s6 = 0;
        float s7 = 0;
        int j = 0;
        for (; j < n - 7; j += 8) {
            s0 += a[at + j] * x[j];
            s1 += a[at + j + 1] * x[j + 1];
            s2 += a[at + j + 2] * x[j + 2];
            s3 += a[at + j + 3] * x[j + 3];
            s4 += a[at + j + 4] * x[j + 4];
            s5 += a[at + j + 5] * x[j + 5];
            s6 += a[at + j + 6] * x[j + 6];
            s7 += a[at + j + 7] * x[j + 7];
        }
        for (; j < n; j++) {
            s0 += a[at + j] * x[j];
        }
        return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
    }

    @Override
    void addRows(float[] a, int at, int count, float[] t, int from, float[] y, int n) {
        int i = 0;
        for (; i < count - 3; i += 4) {
            int at0 = at + i * n;
            int at1 = at0 + n;
            int at2 = at1 + n;
            int at3 = at2 + n;
            float t0 = t[from + i];
            float t1 = t[from + i + 1];
            float t2 = t[from + i + 2];
            float t3 = t[from + i + 3];
            for (int j = 0; j < n; j++) {
                y[j] += (t0 * a[at0 + j] + t1 * a[at1 + j]) + (t2 * a[at2 + j] + t3 * a[at3 + j]);
            }
        }
        for (; i < count; i++) {
            int at0 = at + i * n;
            float t0 = t[from + i];
            for (int j = 0; j < n; j++) {
                y[j] += t0 * a[at0 + j];
            }
        }
    }

    @Override
    public void product(
            float[] u, int row, int rank, float[] v, int columns, int column, int count, float[] target, int at) {
        float first = u[row];
        for (int j = 0; j < count; j++) {
            target[at + j] = first * v[column + j];
        }
        for (int k = 1; k < rank; k++) {
            float factor = u[row + k];
            int vk = k * columns + column;
            for (int j = 0; j < count; j++) {
                target[at + j] += factor * v[vk + j];
            }
        }
    }

    @Override
    public void products(float[] u, int row, int rows, int rank, float[] v, int columns, float[] target, int at) {
        for (int i = 0; i < rows; i++) {
            product(u, row + i * rank, rank, v, columns, 0, columns, target, at + i * columns);
        }
    }

    @Override
    long atLeast(float[] values, int at, int count, int magnitude) {
        long bits = 0;
        for (int i = 0; i < count; i++) {
            int below = magnitude - 1 - (Float.floatToRawIntBits(values[at + i]) & 0x7fffffff);
            bits |= (long) (below >>> 31) << i;
        }
        return bits;
    }

    @Override
    public float largest(float[] values, int at, int count) {
        float largest = 0;
        for (int i = at; i < at + count; i++) {
            largest = Math.max(largest, Math.abs(values[i]));
        }
        return largest;
    }

    @Override
    public float subtract(float[] x, float[] y, int count) {
        float largest = 0;
        for (int i = 0; i < count; i++) {
            x[i] -= y[i];
            largest = Math.max(largest, Math.abs(x[i]));
        }
        return largest;
    }

    @Override
    public boolean addOnGrid(
            float[] weights, int at, float[] values, int count, double factor, Grid grid, double scale) {
        // Numbers, not the grid: with its fields read beside the loop C2 takes a quarter longer.
        return addOnGrid(weights, at, values, count, factor, grid.step(), grid.largestAddend(), scale);
    }

    private static boolean addOnGrid(
            float[] weights,
            int at,
            float[] values,
            int count,
            double factor,
            double step,
            double limit,
            double scale) {
        double perStep = 1 / step;
        boolean inRange = true;
        for (int i = 0; i < count; i++) {
            double places = Grid.places(values[i], factor, perStep);
            inRange &= Math.abs(places) < limit;
            double n = Grid.nearest(places);
            if (n != 0) {
                weights[at + i] = Grid.merged(weights[at + i], n, step, scale);
            }
        }
        return inRange;
    }

    @Override
    public boolean addTotals(int[] totals, int at, float[] values, int count, double factor, Grid grid, int sign) {
        return grid.add(totals, at, values, count, factor, sign, true) == count;
    }

    @Override
    public void mergeTotals(float[] weights, int[] totals, int at, int count, Grid grid, double scale) {
        double step = grid.step();
        for (int i = 0; i < count; i++) {
            int n = totals[at + i];
            weights[i] = n == 0 ? weights[i] : Grid.merged(weights[i], n, step, scale);
        }
    }

    @Override
    public String description() {
        return "in Java, without the Vector API (" + reason + ")";
    }
}
