package dev.koine.lifecycle.metric;

import java.util.function.DoubleSupplier;
import java.util.function.LongConsumer;

/**
 * Where the lifecycle says what it measures: the instruments of whatever runs it. Ask for one once and keep it where values come often: taking a
 * value neither waits nor allocates. Safe for several threads, as are the instruments.
 *
 * <p>Where there are more models than are told apart, the others share one counter and one histogram each, and have no gauge.
 */
public interface Instruments {
    /** Measures nothing. */
    Instruments NONE = new Instruments() {
        @Override
        public LongConsumer counter(JobMetric metric, String... labels) {
            return amount -> {};
        }

        @Override
        public LongConsumer histogram(JobMetric metric, String... labels) {
            return nanos -> {};
        }

        @Override
        public void gauge(JobMetric metric, DoubleSupplier value, String... labels) {}
    };

    /**
     * The counter with these values of its labels; it is reported from here on.
     *
     * @return takes what is to be added
     */
    LongConsumer counter(JobMetric metric, String... labels);

    /**
     * The histogram with these values of its labels; it is reported from here on.
     *
     * @return takes nanoseconds
     */
    LongConsumer histogram(JobMetric metric, String... labels);

    /**
     * Reports a gauge from here on, in place of one with the same values of its labels.
     *
     * @param value in the metric's unit; asked on any thread
     */
    void gauge(JobMetric metric, DoubleSupplier value, String... labels);
}
