package dev.koine.lifecycle.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.koine.lifecycle.event.Stage;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class JobMetricsTest {
    @Test
    void everyOneThatIsDeclaredIsListedOnce() throws Exception {
        List<Field> declared = Arrays.stream(JobMetrics.class.getDeclaredFields())
                .filter(field -> field.getType() == JobMetric.class && Modifier.isPublic(field.getModifiers()))
                .toList();
        assertThat(declared).hasSameSizeAs(JobMetrics.all()).hasSizeGreaterThan(15);
        for (Field field : declared) {
            assertThat(JobMetrics.all()).contains((JobMetric) field.get(null));
        }
        assertThat(JobMetrics.all()).extracting(JobMetric::fullName).doesNotHaveDuplicates();
    }

    @Test
    void namesAreSuchThatEveryReporterHasThemAsTheyAre() {
        assertThat(JobMetrics.all())
                .allSatisfy(metric -> assertThat(metric.fullName()).matches("[a-z]+\\.[a-z]+(_[a-z]+)*"))
                .allSatisfy(metric -> assertThat(metric.name().endsWith("_total"))
                        .as(metric.fullName())
                        .isEqualTo(metric.kind() == MetricKind.COUNTER))
                .allSatisfy(metric -> assertThat(metric.stages()).isNotEmpty());
    }

    @Test
    void aNameThatDoesNotSayItsUnitIsNone() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new JobMetric(
                        MetricArea.GATE,
                        "evaluation",
                        MetricKind.HISTOGRAM,
                        MetricUnit.SECONDS,
                        List.of(),
                        List.of(Stage.HEAD),
                        "evaluating"))
                .withMessageContaining("evaluation");
    }

    @Test
    void aLabelHasAValue() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JobMetrics.EVENTS_REJECTED.values("ctc"))
                .withMessageContaining("event.rejected_total");
    }

    @Test
    void sizesAreThoseOfTheirNames() {
        assertThat(MatrixSize.of(1)).isEqualTo(MatrixSize.UP_TO_1M);
        assertThat(MatrixSize.of(1_000_000)).isEqualTo(MatrixSize.UP_TO_1M);
        assertThat(MatrixSize.of(1_000_001)).isEqualTo(MatrixSize.UP_TO_10M);
        assertThat(MatrixSize.of(10_000_000)).isEqualTo(MatrixSize.UP_TO_10M);
        assertThat(MatrixSize.of(10_000_001)).isEqualTo(MatrixSize.OVER_10M);
        assertThat(MatrixSize.OVER_10M.label()).isEqualTo("over_10m");
    }

    @Test
    void anEventOfNoRegisteredModelMakesNoLabel() {
        FakeInstruments told = new FakeInstruments();
        EventMetrics events = new EventMetrics(told);
        events.taken("ctc");
        events.taken("ctc");
        events.rejected("ctc", "DUPLICATE");
        events.rejected(null, "UNKNOWN_MODEL");
        assertThat(told.counters)
                .containsEntry("event.taken_total[ctc]", 2L)
                .containsEntry("event.rejected_total[ctc, DUPLICATE]", 1L)
                .containsEntry("event.rejected_total[_none, UNKNOWN_MODEL]", 1L)
                .hasSize(3);
    }
}
