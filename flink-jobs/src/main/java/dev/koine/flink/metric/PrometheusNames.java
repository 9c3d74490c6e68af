package dev.koine.flink.metric;

import dev.koine.lifecycle.metric.JobMetric;
import dev.koine.lifecycle.metric.MetricLabel;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What Flink's reporter for Prometheus makes of the names of metrics. */
public final class PrometheusNames {
    private static final String OPERATOR = "flink_taskmanager_job_task_operator_";

    private PrometheusNames() {}

    /** The name of a metric; a histogram's count has {@code _count} after it. */
    public static String of(JobMetric metric) {
        return Stream.of(
                        Stream.of(FlinkInstruments.ROOT),
                        metric.labels().stream().map(MetricLabel::key),
                        Stream.of(metric.area().key(), metric.name()))
                .flatMap(parts -> parts)
                .collect(Collectors.joining("_", OPERATOR, ""));
    }
}
