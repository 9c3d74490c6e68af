package dev.koine.flink.metric;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.HistogramStatistics;

/**
 * A histogram of times: takes nanoseconds, and tells seconds of the last so many. Taking one neither waits nor allocates. Statistics that are taken while
 * another thread adds may miss its value.
 *
 * <p>Quantiles, mean and deviation are fractions of seconds; where Flink's interface has whole numbers (single values, least and largest) they are rounded up.
 */
final class RecentTimes implements Histogram {
    private static final int KEPT = 256;
    private static final double NANOS = 1e9;

    private final AtomicLong count = new AtomicLong();
    private final AtomicLongArray recent = new AtomicLongArray(KEPT);

    /** @param nanos a time */
    @Override
    public void update(long nanos) {
        recent.set((int) (count.getAndIncrement() % KEPT), nanos);
    }

    @Override
    public long getCount() {
        return count.get();
    }

    @Override
    public HistogramStatistics getStatistics() {
        long[] nanos = new long[(int) Math.min(count.get(), KEPT)];
        Arrays.setAll(nanos, recent::get);
        Arrays.sort(nanos);
        return new Statistics(nanos);
    }

    private static final class Statistics extends HistogramStatistics {
        private final long[] nanos;

        /** @param nanos in their order */
        Statistics(long[] nanos) {
            this.nanos = nanos;
        }

        /** The least value that this share of all does not exceed; 0 of none. */
        @Override
        public double getQuantile(double quantile) {
            if (nanos.length == 0) {
                return 0;
            }
            int rank = (int) Math.ceil(quantile * nanos.length);
            return nanos[Math.max(1, Math.min(rank, nanos.length)) - 1] / NANOS;
        }

        @Override
        public long[] getValues() {
            return Arrays.stream(nanos).map(Statistics::seconds).toArray();
        }

        @Override
        public int size() {
            return nanos.length;
        }

        @Override
        public double getMean() {
            return Arrays.stream(nanos).average().orElse(0) / NANOS;
        }

        @Override
        public double getStdDev() {
            double mean = getMean();
            return Math.sqrt(Arrays.stream(nanos)
                    .mapToDouble(value -> value / NANOS - mean)
                    .map(difference -> difference * difference)
                    .average()
                    .orElse(0));
        }

        @Override
        public long getMax() {
            return nanos.length == 0 ? 0 : seconds(nanos[nanos.length - 1]);
        }

        @Override
        public long getMin() {
            return nanos.length == 0 ? 0 : seconds(nanos[0]);
        }

        private static long seconds(long nanos) {
            return (long) Math.ceil(nanos / NANOS);
        }
    }
}
