package dev.koine.lifecycle.metric;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.DoubleSupplier;
import java.util.function.LongConsumer;

/** Remembers what it is told, by the metric's name and the values of its labels: {@code event.rejected_total[ctc, DUPLICATE]}. */
public final class FakeInstruments implements Instruments {
    public final Map<String, Long> counters = new TreeMap<>();
    public final Map<String, List<Long>> histograms = new TreeMap<>();
    private final Map<String, DoubleSupplier> gauges = new TreeMap<>();

    @Override
    public LongConsumer counter(JobMetric metric, String... labels) {
        String name = name(MetricKind.COUNTER, metric, labels);
        counters.putIfAbsent(name, 0L);
        return amount -> counters.merge(name, amount, Long::sum);
    }

    @Override
    public LongConsumer histogram(JobMetric metric, String... labels) {
        String name = name(MetricKind.HISTOGRAM, metric, labels);
        return nanos ->
                histograms.computeIfAbsent(name, first -> new ArrayList<>()).add(nanos);
    }

    @Override
    public void gauge(JobMetric metric, DoubleSupplier value, String... labels) {
        gauges.put(name(MetricKind.GAUGE, metric, labels), value);
    }

    /** What a gauge says now. */
    public double gauge(String name) {
        return Objects.requireNonNull(gauges.get(name), name).getAsDouble();
    }

    /** The names of all gauges. */
    public List<String> gauges() {
        return List.copyOf(gauges.keySet());
    }

    private static String name(MetricKind kind, JobMetric metric, String... labels) {
        if (metric.kind() != kind) {
            throw new IllegalArgumentException(metric.fullName() + " is no " + kind);
        }
        return metric.fullName() + metric.values(labels);
    }
}
