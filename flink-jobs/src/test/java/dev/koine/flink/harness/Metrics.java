package dev.koine.flink.harness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.flink.metric.PrometheusNames;
import dev.koine.lifecycle.metric.JobMetric;
import dev.koine.lifecycle.metric.JobMetrics;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The metrics of a job as Prometheus sees them at a moment. */
public final class Metrics {
    private static final long PAUSE_MILLIS = 100;

    private final List<PrometheusPage.Sample> samples;

    private Metrics(List<PrometheusPage.Sample> samples) {
        this.samples = samples;
    }

    /** Reads a page as soon as it has every metric of the job, and of Flink's those that are built upon. */
    public static Metrics all(PrometheusPage page) throws Exception {
        Set<String> wanted = JobMetrics.all().stream().map(PrometheusNames::of).collect(Collectors.toSet());
        wanted.addAll(FlinkMetrics.NAMES);
        return with(page, wanted);
    }

    /** Reads a page as soon as it has this metric. */
    public static Metrics with(PrometheusPage page, JobMetric metric) throws Exception {
        return with(page, Set.of(PrometheusNames.of(metric)));
    }

    private static Metrics with(PrometheusPage page, Set<String> wanted) throws Exception {
        Instant deadline = Instant.now().plus(KoineHarness.PATIENCE);
        Metrics seen = new Metrics(page.read());
        while (!seen.names().containsAll(wanted) && Instant.now().isBefore(deadline)) {
            Thread.sleep(PAUSE_MILLIS);
            seen = new Metrics(page.read());
        }
        assertThat(seen.names()).containsAll(wanted);
        return seen;
    }

    /** The names of all, with those of quantiles once. */
    public Set<String> names() {
        return samples.stream().map(PrometheusPage.Sample::name).collect(Collectors.toSet());
    }

    /** The sum of a metric with these values of its labels over all tasks. */
    public double value(JobMetric metric, String... labels) {
        return sum(PrometheusNames.of(metric), metric, labels);
    }

    /** How many values a histogram has taken. */
    public double count(JobMetric metric, String... labels) {
        return sum(PrometheusNames.of(metric) + "_count", metric, labels);
    }

    /** About the largest value that a histogram has taken: its highest quantile. */
    public double largest(JobMetric metric, String... labels) {
        return of(PrometheusNames.of(metric), metric, labels)
                .filter(sample -> "0.999".equals(sample.labels().get("quantile")))
                .mapToDouble(PrometheusPage.Sample::value)
                .max()
                .orElseThrow();
    }

    private double sum(String name, JobMetric metric, String... labels) {
        List<PrometheusPage.Sample> found = of(name, metric, labels).toList();
        assertThat(found).as(name).isNotEmpty();
        return found.stream().mapToDouble(PrometheusPage.Sample::value).sum();
    }

    private Stream<PrometheusPage.Sample> of(String name, JobMetric metric, String... labels) {
        List<String> values = metric.values(labels);
        return samples.stream().filter(sample -> sample.name().equals(name)).filter(sample -> {
            for (int i = 0; i < values.size(); i++) {
                if (!values.get(i)
                        .equals(sample.labels().get(metric.labels().get(i).key()))) {
                    return false;
                }
            }
            return true;
        });
    }
}
