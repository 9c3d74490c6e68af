package dev.koine.lifecycle.metric;

/** How a metric's values go together. */
public enum MetricKind {
    /** Only grows; from 0 at each start of the task. */
    COUNTER,
    /** Is what it is at the moment. */
    GAUGE,
    /** Quantiles of the last values, and how many there were since the task was started. */
    HISTOGRAM
}
