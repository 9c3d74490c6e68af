package dev.koine.flink.metric;

import dev.koine.lifecycle.metric.Instruments;
import dev.koine.lifecycle.metric.JobMetric;
import dev.koine.lifecycle.metric.MetricLabel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleSupplier;
import java.util.function.LongConsumer;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;

/**
 * The metrics of one task in Flink's groups: {@code koine}, then each label and its value, then the metric's area. Labels are Flink's user variables, which
 * reporters tell series apart by: {@code koine.model.demo.queue.events} is {@code ..._koine_model_queue_events{model="demo"}} for Prometheus.
 *
 * <p>So many models have labels of their own, the first to be heard of; Flink keeps a metric until the task ends.
 */
public final class FlinkInstruments implements Instruments {
    /** The group that all are in. */
    static final String ROOT = "koine";

    private static final int MOST_MODELS = 100;

    private final MetricGroup root;
    private final int mostModels;
    private final Set<String> models = ConcurrentHashMap.newKeySet();
    private final Map<Key, SumCounter> counters = new ConcurrentHashMap<>();
    private final Map<Key, RecentTimes> histograms = new ConcurrentHashMap<>();
    private final Map<Key, DoubleSupplier> gauges = new ConcurrentHashMap<>();

    /** @param group of the operator */
    public FlinkInstruments(MetricGroup group) {
        this(group, MOST_MODELS);
    }

    /** @param mostModels that have labels of their own */
    FlinkInstruments(MetricGroup group, int mostModels) {
        this.root = group.addGroup(ROOT);
        this.mostModels = mostModels;
    }

    private record Key(JobMetric metric, List<String> values) {
        MetricGroup group(MetricGroup root) {
            MetricGroup group = root;
            for (int i = 0; i < values.size(); i++) {
                group = group.addGroup(metric.labels().get(i).key(), values.get(i));
            }
            return group.addGroup(metric.area().key());
        }

        boolean isOfOtherModels() {
            return values.contains(MetricLabel.OTHER_MODELS);
        }
    }

    @Override
    public LongConsumer counter(JobMetric metric, String... labels) {
        return counters.computeIfAbsent(
                key(metric, labels), key -> key.group(root).counter(metric.name(), new SumCounter()))::inc;
    }

    @Override
    public LongConsumer histogram(JobMetric metric, String... labels) {
        return histograms.computeIfAbsent(
                key(metric, labels), key -> key.group(root).histogram(metric.name(), new RecentTimes()))::update;
    }

    @Override
    public void gauge(JobMetric metric, DoubleSupplier value, String... labels) {
        Key key = key(metric, labels);
        if (!key.isOfOtherModels() && gauges.put(key, value) == null) {
            Gauge<Double> gauge = () -> gauges.getOrDefault(key, value).getAsDouble();
            key.group(root).gauge(metric.name(), gauge);
        }
    }

    private Key key(JobMetric metric, String... labels) {
        List<String> values = new ArrayList<>(metric.values(labels));
        int model = metric.labels().indexOf(MetricLabel.MODEL);
        if (model >= 0) {
            values.set(model, told(values.get(model)));
        }
        return new Key(metric, List.copyOf(values));
    }

    private String told(String model) {
        if (model.equals(MetricLabel.NO_MODEL) || models.contains(model)) {
            return model;
        }
        synchronized (models) {
            if (models.size() < mostModels) {
                models.add(model);
            }
        }
        return models.contains(model) ? model : MetricLabel.OTHER_MODELS;
    }
}
