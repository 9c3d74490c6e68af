package dev.koine.engine.linalg;

/**
 * The inner loops over rows of a matrix. Every sum has one fixed order, whatever computes it: the same arguments give the same bits on
 * every machine, with and without the Vector API. No product is fused with the sum it goes into.
 *
 * <pre>
 *   a dot product   eight running sums, sum l over the elements whose index is l modulo 8; what is left behind the last
 *                   full eight goes to sum 0; then ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
 *   a sum of rows   y + ((t0 x0 + t1 x1) + (t2 x2 + t3 x3)) for each four rows; the last one to three rows one by one
 * </pre>
 *
 * <p>Matrices are row-major; row {@code i} of one with {@code n} columns begins at {@code at + i * n}. Safe for several threads.
 */
public abstract class Kernels {
    private static final int WARM_UP_CALLS = 100;
    private static final int WARM_UP_COLUMNS = 64;
    private static final long WARM_NANOS = 300_000;
    private static final long WARM_UP_LIMIT_NANOS = 1_000_000_000;

    Kernels() {}

    /**
     * The fastest kernels here: those on the Vector API where the JVM was started with {@code --add-modules jdk.incubator.vector} and
     * its vectors are 256 bits or wider, else plain Java.
     */
    public static Kernels fastest() {
        return Fastest.KERNELS;
    }

    /**
     * Has the JVM compile the fastest kernels: calls them on a few small rows until they are fast, a second at most. Until then the
     * Vector API is a hundred times slower; whoever starts a JVM for one merge does this beside other work.
     */
    public static void warmUp() {
        Kernels kernels = fastest();
        float[] a = new float[4 * WARM_UP_COLUMNS];
        float[] x = new float[WARM_UP_COLUMNS];
        float[] t = new float[4];
        float[] product = new float[2 * WARM_UP_COLUMNS];
        int[] totals = new int[WARM_UP_COLUMNS];
        Grid grid = new Grid(1);
        long begin = System.nanoTime();
        long round = begin;
        long took;
        do {
            for (int i = 0; i < WARM_UP_CALLS; i++) {
                kernels.dots(a, 0, 4, x, WARM_UP_COLUMNS, t, 0);
                kernels.addRows(a, 0, 4, t, 0, x, WARM_UP_COLUMNS);
                kernels.product(t, 0, 4, a, WARM_UP_COLUMNS, 0, WARM_UP_COLUMNS, x, 0);
                kernels.products(t, 0, 2, 2, a, WARM_UP_COLUMNS, product, 0);
                kernels.atLeast(a, 0, 64, 1);
                kernels.largest(a, 0, WARM_UP_COLUMNS);
                kernels.subtract(x, a, WARM_UP_COLUMNS);
                kernels.addOnGrid(a, 0, x, WARM_UP_COLUMNS, 1, grid, 1);
                kernels.addTotals(totals, 0, x, WARM_UP_COLUMNS, 1, grid, 1);
                kernels.mergeTotals(x, totals, 0, WARM_UP_COLUMNS, grid, 1);
            }
            took = System.nanoTime() - round;
            round += took;
        } while (took > WARM_NANOS && round - begin < WARM_UP_LIMIT_NANOS);
    }

    /** Plain Java, for any JVM. */
    static Kernels plain() {
        return new PlainKernels("as was asked");
    }

    /** Sets {@code t[from + i]} to the dot product of row {@code i} and {@code x}, for each of {@code count} rows, in float32. */
    abstract void dots(float[] a, int at, int count, float[] x, int n, float[] t, int from);

    /** Adds {@code t[from + i]} times row {@code i} to {@code y}, for each of {@code count} rows, in float32. */
    abstract void addRows(float[] a, int at, int count, float[] t, int from, float[] y, int n);

    /**
     * Sets {@code target[at + j]} to {@code u[row] v[0, column + j]}, plus {@code u[row + k] v[k, column + j]} for k = 1, 2, ... in this
     * order, each product and each sum rounded to float32.
     *
     * @param row where a row of factor {@code u} begins; it has {@code rank} elements, at least one
     * @param columns of factor {@code v}, shape {@code [rank, columns]}
     */
    public abstract void product(
            float[] u, int row, int rank, float[] v, int columns, int column, int count, float[] target, int at);

    /**
     * As {@link #product}, of whole rows: sets the {@code rows} times {@code columns} elements from {@code target[at]} on.
     *
     * @param row where the first row of factor {@code u} begins
     * @param v shape {@code [rank, columns]}
     */
    public abstract void products(
            float[] u, int row, int rows, int rank, float[] v, int columns, float[] target, int at);

    /**
     * Which of {@code count} values, at most 64, have a magnitude whose bits, as an integer, are at least {@code magnitude}: value
     * {@code at + i} has bit i.
     */
    abstract long atLeast(float[] values, int at, int count, int magnitude);

    /** The largest magnitude of {@code count} values; NaN if one of them is NaN, 0 if there are none. */
    public abstract float largest(float[] values, int at, int count);

    /**
     * Subtracts {@code y} from {@code x}, element by element, in float32.
     *
     * @return the largest magnitude of the differences; NaN if one of them is NaN, 0 if there are none
     */
    public abstract float subtract(float[] x, float[] y, int count);

    /**
     * Adds what a {@link Grid} keeps of some values to weights, with the grid's own law: {@code weights[at + i]} becomes the merged weight
     * of {@code n = toGrid(values[i], factor)} steps.
     *
     * @return whether every value has a place on the grid; if not, the weights are undefined
     */
    public abstract boolean addOnGrid(
            float[] weights, int at, float[] values, int count, double factor, Grid grid, double scale);

    /**
     * {@link Grid#add(int[], int, float[], int, double, int, boolean)} of sums that may wrap: {@code totals[at + i]} grows by
     * {@code sign * toGrid(values[i], factor)}.
     *
     * @param sign 1 or -1
     * @return whether every addend has a place on the grid; if not, the totals are undefined
     */
    public abstract boolean addTotals(
            int[] totals, int at, float[] values, int count, double factor, Grid grid, int sign);

    /**
     * {@link Grid#merge(float[], int[], int, int, double)}: {@code weights[i]} becomes the merged weight of {@code totals[at + i]} steps, and keeps its bits
     * where that is zero.
     */
    public abstract void mergeTotals(float[] weights, int[] totals, int at, int count, Grid grid, double scale);

    /** What computes, in words: "in Java" and on. */
    public abstract String description();

    private static final class Fastest {
        static final Kernels KERNELS = find();

        private static Kernels find() {
            if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
                return new PlainKernels("--add-modules jdk.incubator.vector makes it faster");
            }
            try {
                return VectorKernels.isFast()
                        ? new VectorKernels()
                        : new PlainKernels("this machine's vectors are shorter than 256 bits");
            } catch (LinkageError otherVersion) {
                return new PlainKernels("this JVM's is not the one that Koine knows: " + otherVersion);
            }
        }
    }
}
