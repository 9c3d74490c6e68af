package dev.koine.flink.metric;

import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;

/** Remembers what is registered, by its place among groups. */
final class RecordingGroup extends UnregisteredMetricsGroup {
    final Map<String, Metric> registered;
    private final String place;

    RecordingGroup() {
        this("", new TreeMap<>());
    }

    private RecordingGroup(String place, Map<String, Metric> registered) {
        this.place = place;
        this.registered = registered;
    }

    @Override
    public MetricGroup addGroup(String name) {
        return new RecordingGroup(place + name + ".", registered);
    }

    @Override
    public MetricGroup addGroup(String key, String value) {
        return new RecordingGroup(place + key + "=" + value + ".", registered);
    }

    @Override
    public <C extends Counter> C counter(String name, C counter) {
        return register(name, counter);
    }

    @Override
    public <T, G extends Gauge<T>> G gauge(String name, G gauge) {
        return register(name, gauge);
    }

    @Override
    public <H extends Histogram> H histogram(String name, H histogram) {
        return register(name, histogram);
    }

    private <M extends Metric> M register(String name, M metric) {
        if (registered.put(place + name, metric) != null) {
            throw new IllegalStateException(place + name + " is registered twice");
        }
        return metric;
    }
}
