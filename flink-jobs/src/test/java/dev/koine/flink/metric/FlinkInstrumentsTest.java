package dev.koine.flink.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.koine.lifecycle.metric.JobMetrics;
import dev.koine.lifecycle.metric.MetricLabel;
import java.util.Objects;
import java.util.stream.LongStream;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.HistogramStatistics;
import org.junit.jupiter.api.Test;

class FlinkInstrumentsTest {
    private static final int MOST = 2;

    private final RecordingGroup group = new RecordingGroup();
    private final FlinkInstruments instruments = new FlinkInstruments(group, MOST);

    @Test
    void labelsAreFlinksVariables() {
        instruments.counter(JobMetrics.EVENTS_REJECTED, "ctc", "DUPLICATE").accept(2);
        instruments.counter(JobMetrics.EVENTS_REJECTED, "ctc", "DUPLICATE").accept(3);
        instruments.counter(JobMetrics.STORE_WRITTEN).accept(100);
        assertThat(group.registered)
                .containsOnlyKeys(
                        "koine.model=ctc.code=DUPLICATE.event.rejected_total", "koine.store.written_bytes_total");
        assertThat(count("koine.model=ctc.code=DUPLICATE.event.rejected_total")).isEqualTo(5);
        assertThat(PrometheusNames.of(JobMetrics.EVENTS_REJECTED))
                .isEqualTo("flink_taskmanager_job_task_operator_koine_model_code_event_rejected_total");
    }

    @Test
    void modelsBeyondTheBoundShareOneCounterAndHaveNoGauge() {
        for (String model : new String[] {"a", "b", "c", "d", "a", MetricLabel.NO_MODEL}) {
            instruments.counter(JobMetrics.EVENTS_TAKEN, model).accept(1);
            instruments.gauge(JobMetrics.QUEUE_EVENTS, () -> 7, model);
        }
        assertThat(group.registered)
                .containsOnlyKeys(
                        "koine.model=a.event.taken_total",
                        "koine.model=b.event.taken_total",
                        "koine.model=_other.event.taken_total",
                        "koine.model=_none.event.taken_total",
                        "koine.model=a.queue.events",
                        "koine.model=b.queue.events",
                        "koine.model=_none.queue.events");
        assertThat(count("koine.model=a.event.taken_total")).isEqualTo(2);
        assertThat(count("koine.model=_other.event.taken_total")).isEqualTo(2);
    }

    @Test
    void aGaugeTakesThePlaceOfTheOneBefore() {
        instruments.gauge(JobMetrics.QUEUE_EVENTS, () -> 7, "a");
        instruments.gauge(JobMetrics.QUEUE_EVENTS, () -> 8.5, "a");
        assertThat(((Gauge<?>) Objects.requireNonNull(group.registered.get("koine.model=a.queue.events"))).getValue())
                .isEqualTo(8.5);
    }

    @Test
    void timesAreSecondsOfTheLastOnes() {
        RecentTimes times = new RecentTimes();
        assertThat(times.getStatistics().getQuantile(0.5)).isZero();
        assertThat(times.getStatistics().getMax()).isZero();
        LongStream.rangeClosed(1, 100).forEach(i -> times.update(i * 10_000_000));
        HistogramStatistics all = times.getStatistics();
        assertThat(times.getCount()).isEqualTo(100);
        assertThat(all.getQuantile(0.5)).isEqualTo(0.5);
        assertThat(all.getQuantile(0.95)).isEqualTo(0.95);
        assertThat(all.getQuantile(1)).isEqualTo(1);
        assertThat(all.getMean()).isEqualTo(0.505);
        assertThat(all.getStdDev()).isCloseTo(0.2887, within(1e-3));
        assertThat(all.getMin()).isEqualTo(1);
        assertThat(all.getMax()).isEqualTo(1);
        assertThat(all.size()).isEqualTo(100);
        LongStream.range(0, 256).forEach(i -> times.update(2_000_000_000));
        assertThat(times.getCount()).isEqualTo(356);
        assertThat(times.getStatistics().getQuantile(0)).isEqualTo(2);
        assertThat(times.getStatistics().getValues()).hasSize(256).containsOnly(2);
    }

    private long count(String name) {
        return ((Counter) Objects.requireNonNull(group.registered.get(name))).getCount();
    }
}
