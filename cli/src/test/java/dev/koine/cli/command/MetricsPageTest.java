package dev.koine.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.flink.metric.PrometheusNames;
import dev.koine.lifecycle.metric.JobMetric;
import dev.koine.lifecycle.metric.JobMetrics;
import dev.koine.lifecycle.metric.MetricArea;
import dev.koine.lifecycle.metric.MetricKind;
import dev.koine.lifecycle.metric.MetricLabel;
import dev.koine.subscriber.SubscriberMetric;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The page on metrics has those that job and subscriber declare. */
class MetricsPageTest {
    private static final Path PAGE = Path.of("..", "docs", "metrics.md");
    private static final String WRITE = "mvn -pl cli -am test -Dtest=MetricsPageTest -Dmetrics.write=true"
            + " -Dsurefire.failIfNoSpecifiedTests=false";

    @Test
    void thePageIsWhatIsDeclared() throws Exception {
        if (Boolean.getBoolean("metrics.write")) {
            Files.writeString(PAGE, page());
        }
        assertThat(PAGE)
                .as("made of JobMetrics and SubscriberMetric; to write it again: %s", WRITE)
                .hasContent(page());
    }

    private static String page() {
        StringBuilder page = new StringBuilder("# Metrics\n\n");
        page.append("<!-- Made of JobMetrics and SubscriberMetric, do not edit. Write it again: ")
                .append(WRITE)
                .append(" -->\n\n")
                .append("""
                        The merge job reports by Flink's metric groups, to whatever reporter the cluster is configured with, and to Flink's REST interface and web page. A
                        metric's place is `koine`, then each label and its value, then its name below: `koine.model.demo.queue.events`. Flink's reporter for
                        Prometheus makes labels of these, and puts the operator's scope before the name, as below. In the REST interface a dot in a model's id is `_`.
                        [`deploy/README.md`](../deploy/README.md#watching-it) says how to see them, and has dashboard and alert rules.

                        - Seconds and bytes stand in the names, as Prometheus recommends. Times are fractions of seconds.
                        - Counters begin at 0 at each start of their task; rates and increases stand that. Flink tells Prometheus that they are gauges. A series that begins with its first value,
                          such as that of a rejection's code, has no increase yet.
                        - Histograms are quantiles (0.5 to 0.999) of the last 256 values of a task, and a count (`_count`) of all since its start.
                        - Every metric is per subtask. Gauges of a model are reported by the one subtask of Head that has it. A model's gauges are there from its first event
                          on; after a start from a checkpoint or savepoint of this release or a later one, ten seconds later at the latest without an event.
                        - The first 100 models that a subtask hears of have their ids as labels. Others share counters and histograms as model `_other`, and have no gauges. What belongs to no
                          registered model counts as `_none`, so that senders make up no labels.
                        - Labels are ids of models and names of this page: no place, no message, no secret is in a metric.

                        *Event to announced* is from an event's timestamp in Kafka (that of the broker or of the sender, as the topic has it) to when Head hears that
                        the checkpoint is complete which holds the version; with it the sink commits the version, and readers of committed records see it. Where the job fails between the two, the
                        version is announced and not measured. *Event to served* is the service's: from the same timestamp to the swap. Both are as true as the machines'
                        clocks.
                        """);
        for (MetricArea area : MetricArea.values()) {
            page.append("\n## ").append(area.title()).append("\n\n");
            page.append("| metric | labels | kind | unit | by | what it is |\n|---|---|---|---|---|---|\n");
            JobMetrics.all().stream()
                    .filter(metric -> metric.area() == area)
                    .forEach(metric -> page.append(row(metric)));
        }
        page.append("\n## Labels\n\n| label | value |\n|---|---|\n");
        for (MetricLabel label : MetricLabel.values()) {
            page.append("| `")
                    .append(label.key())
                    .append("` | ")
                    .append(label.description())
                    .append(" |\n");
        }
        page.append("\n## For Prometheus\n\n| metric | name |\n|---|---|\n");
        JobMetrics.all().forEach(metric -> page.append("| `")
                .append(metric.fullName())
                .append("` | `")
                .append(PrometheusNames.of(metric))
                .append("` |\n"));
        page.append("\n## Services\n\n").append("""
                        A service that embeds the subscriber asks `ModelSubscriber.status()` and gives `SubscriberMetric` to whatever it reports metrics with, or shows
                        `SubscriberMetric.text(...)` to Prometheus, as `koine serve` and `koine follow` do with `--metrics-port`. All have the label `model`.

                        """).append("| metric | kind | what it is |\n|---|---|---|\n");
        for (SubscriberMetric metric : SubscriberMetric.values()) {
            page.append("| `")
                    .append(metric.metricName())
                    .append("` | ")
                    .append(word(metric.isCounter() ? MetricKind.COUNTER : MetricKind.GAUGE))
                    .append(" | ")
                    .append(metric.description())
                    .append(" |\n");
        }
        return page.toString();
    }

    private static String row(JobMetric metric) {
        return "| `" + metric.fullName() + "` | "
                + metric.labels().stream().map(label -> "`" + label.key() + "`").collect(Collectors.joining(", "))
                + " | " + word(metric.kind()) + " | " + metric.unit().words() + " | "
                + metric.stages().stream().map(MetricsPageTest::word).collect(Collectors.joining(", ")) + " | "
                + metric.description() + " |\n";
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
