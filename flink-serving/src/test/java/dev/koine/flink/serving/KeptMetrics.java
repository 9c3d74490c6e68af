package dev.koine.flink.serving;

import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.LongStream;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/** Keeps what jobs of this JVM report of the models that they serve, by its full name; also when they have ended. */
public final class KeptMetrics implements MetricReporter, MetricReporterFactory {
    private static final Map<String, Metric> METRICS = new ConcurrentHashMap<>();

    /** Configures a cluster to report here. */
    static Map<String, String> configuration() {
        return Map.of("metrics.reporter.kept.factory.class", KeptMetrics.class.getName());
    }

    /** The values of a metric, one for each parallel instance that there was. */
    static LongStream values(String suffix) {
        return METRICS.entrySet().stream()
                .filter(each -> each.getKey().endsWith(suffix))
                .mapToLong(each -> value(each.getValue()));
    }

    private static long value(Metric metric) {
        return metric instanceof Counter counter
                ? counter.getCount()
                : ((Number) ((Gauge<?>) metric).getValue()).longValue();
    }

    @Override
    public MetricReporter createMetricReporter(Properties properties) {
        return new KeptMetrics();
    }

    @Override
    public void open(MetricConfig config) {}

    @Override
    public void notifyOfAddedMetric(Metric metric, String name, MetricGroup group) {
        String fullName = group.getMetricIdentifier(name);
        if (fullName.contains("koine.model.")) {
            METRICS.put(fullName, metric);
        }
    }

    @Override
    public void notifyOfRemovedMetric(Metric metric, String name, MetricGroup group) {}

    @Override
    public void close() {}
}
