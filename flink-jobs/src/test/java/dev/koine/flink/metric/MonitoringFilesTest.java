package dev.koine.flink.metric;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.flink.harness.FlinkMetrics;
import dev.koine.lifecycle.metric.JobMetric;
import dev.koine.lifecycle.metric.JobMetrics;
import dev.koine.lifecycle.metric.MetricKind;
import dev.koine.lifecycle.metric.MetricLabel;
import dev.koine.subscriber.SubscriberMetric;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.StreamReadFeature;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.json.JsonMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import org.junit.jupiter.api.Test;

/** Dashboards and alert rules use metrics, and labels of them, that job, services and Flink report; {@code GateITCase} sees each of them reported. */
class MonitoringFilesTest {
    private static final Path MONITORING = Path.of("..", "deploy", "monitoring");
    private static final Path DASHBOARD = MONITORING.resolve("grafana/koine.json");
    private static final Path ALERTS = MONITORING.resolve("prometheus/alerts.yml");
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    private static final ObjectMapper YAML = YAMLMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /** Of Flink's and Prometheus' own making, those that the files may use. */
    private static final Set<String> OTHER_LABELS =
            Set.of("job", "instance", "job_name", "task_name", "operator_name", "tm_id", "quantile");

    private static final Map<String, Set<String>> KNOWN = known();

    private static Map<String, Set<String>> known() {
        Map<String, Set<String>> known = new TreeMap<>();
        for (JobMetric metric : JobMetrics.all()) {
            Set<String> labels = new TreeSet<>(OTHER_LABELS);
            metric.labels().stream().map(MetricLabel::key).forEach(labels::add);
            known.put(PrometheusNames.of(metric), labels);
            if (metric.kind() == MetricKind.HISTOGRAM) {
                known.put(PrometheusNames.of(metric) + "_count", labels);
            }
        }
        Set<String> ofServices = new TreeSet<>(OTHER_LABELS);
        ofServices.add(MetricLabel.MODEL.key());
        Arrays.stream(SubscriberMetric.values()).forEach(metric -> known.put(metric.metricName(), ofServices));
        FlinkMetrics.NAMES.forEach(name -> known.put(name, OTHER_LABELS));
        known.put("up", OTHER_LABELS);
        return known;
    }

    @Test
    void theDashboardShowsWhatIsReportedAndLeavesNothingOut() throws Exception {
        JsonNode dashboard = JSON.readTree(DASHBOARD.toFile());
        List<PromQuery> queries = new ArrayList<>();
        Set<Integer> ids = new TreeSet<>();
        for (JsonNode panel : dashboard.get("panels")) {
            assertThat(ids.add(panel.get("id").asInt()))
                    .as("%s", panel.get("title"))
                    .isTrue();
            panel.path("targets")
                    .forEach(target ->
                            queries.add(new PromQuery(target.get("expr").asText())));
        }
        dashboard.at("/templating/list").forEach(variable -> {
            if (variable.get("type").asText().equals("query")) {
                queries.add(new PromQuery(variable.at("/query/query").asText()));
            }
        });
        assertThat(queries).hasSizeGreaterThan(30);
        queries.forEach(MonitoringFilesTest::assertReported);
        Set<String> shown = new TreeSet<>();
        queries.forEach(query -> shown.addAll(query.metrics()));
        assertThat(shown)
                .containsAll(JobMetrics.all().stream().map(PrometheusNames::of).toList())
                .containsAll(FlinkMetrics.NAMES)
                .containsAll(Arrays.stream(SubscriberMetric.values())
                        .map(SubscriberMetric::metricName)
                        .toList());
    }

    @Test
    void alertRulesWatchWhatIsReported() throws Exception {
        List<String> names = new ArrayList<>();
        for (JsonNode group : YAML.readTree(ALERTS.toFile()).get("groups")) {
            for (JsonNode rule : group.get("rules")) {
                names.add(rule.get("alert").asText());
                assertReported(new PromQuery(rule.get("expr").asText()));
                assertThat(rule.at("/labels/severity").asText()).isIn("warning", "critical");
                assertThat(rule.at("/annotations/summary").asText()).endsWith(".");
            }
        }
        assertThat(names).hasSizeGreaterThan(10).doesNotHaveDuplicates();
        List<String> tried = new ArrayList<>();
        YAML.readTree(MONITORING.resolve("prometheus/alerts-test.yml").toFile())
                .get("tests")
                .forEach(test -> test.path("alert_rule_test")
                        .forEach(alert -> tried.add(alert.get("alertname").asText())));
        assertThat(names).as("each has a test of promtool's").allMatch(tried::contains);
    }

    @Test
    void whatLiesBesideThemIsYamlOrJson() throws IOException {
        try (Stream<Path> files = Files.walk(MONITORING)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                ObjectMapper mapper = file.toString().endsWith(".json") ? JSON : YAML;
                assertThat(mapper.readTree(file.toFile()).isObject())
                        .as("%s", file)
                        .isTrue();
            }
        }
    }

    @Test
    void prometheusAsksWhereTheLocalClusterAnswers() throws IOException {
        String cluster = Files.readString(Path.of("..", "deploy", "local", "cluster"));
        int base = Integer.parseInt(only("PORT_BASE:=(\\d+)", cluster));
        List<String> answering = IntStream.rangeClosed(
                        Integer.parseInt(only("METRICS_PORTS@\\|\\$\\(\\(PORT_BASE \\+ (\\d+)", cluster)),
                        Integer.parseInt(only("--metrics-port \\$\\(\\(PORT_BASE \\+ (\\d+)", cluster)))
                .mapToObj(offset -> "127.0.0.1:" + (base + offset))
                .toList();
        List<String> asked = new ArrayList<>();
        YAML.readTree(MONITORING.resolve("prometheus/prometheus.yml").toFile())
                .get("scrape_configs")
                .forEach(job -> job.at("/static_configs/0/targets").forEach(target -> asked.add(target.asText())));
        assertThat(asked).isEqualTo(answering).hasSize(4);
    }

    private static String only(String pattern, String text) {
        List<MatchResult> found =
                Pattern.compile(pattern).matcher(text).results().toList();
        assertThat(found).as(pattern).hasSize(1);
        return found.get(0).group(1);
    }

    @Test
    void aNameThatNobodyReportsIsSeen() {
        assertThat(new PromQuery(
                                "sum by (model) (increase(flink_a_b{code!~\"c_d|e\"}[5m] offset 1d)) > 1e9 and on (model) g_h == 2")
                        .metrics())
                .containsExactlyInAnyOrder("flink_a_b", "g_h");
        assertThat(new PromQuery("max by (size, x) (a{b=\"c\", d=~\"e\"})").labels())
                .containsExactlyInAnyOrder("size", "x", "b", "d");
    }

    private static void assertReported(PromQuery query) {
        assertThat(query.metrics()).as("%s", query).isNotEmpty().allMatch(KNOWN::containsKey);
        Set<String> labels = new TreeSet<>();
        query.metrics().forEach(metric -> labels.addAll(KNOWN.getOrDefault(metric, Set.of())));
        assertThat(labels).as("%s", query).containsAll(query.labels());
    }
}
