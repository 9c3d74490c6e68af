package dev.koine.lifecycle.metric;

import dev.koine.lifecycle.event.Stage;
import java.util.List;

/**
 * A metric of the merge job. Its name, kind, unit, labels and description are here and nowhere else; what Flink registers, and {@code
 * docs/metrics.md}, are made of them.
 *
 * @param name within its area; ends in the unit where that has a {@linkplain MetricUnit#suffix suffix}, and a counter's in {@code _total}
 * @param labels in the order in which their values are given
 * @param stages that report it
 * @param description for readers; one line
 */
public record JobMetric(
        MetricArea area,
        String name,
        MetricKind kind,
        MetricUnit unit,
        List<MetricLabel> labels,
        List<Stage> stages,
        String description) {
    public JobMetric {
        labels = List.copyOf(labels);
        stages = List.copyOf(stages);
        boolean isNamed = name.endsWith(unit.suffix() + (kind == MetricKind.COUNTER ? "_total" : ""));
        if (!isNamed || (kind == MetricKind.HISTOGRAM && unit != MetricUnit.SECONDS)) {
            throw new IllegalArgumentException("The name of a metric says its unit and kind: " + name);
        }
    }

    /** Its name among all, such as {@code queue.oldest_seconds}. */
    public String fullName() {
        return area.key() + "." + name;
    }

    /**
     * Returns values for its labels.
     *
     * @throws IllegalArgumentException if there are too few or too many
     */
    public List<String> values(String... values) {
        if (values.length != labels.size()) {
            throw new IllegalArgumentException(fullName() + " has labels " + labels + ", not " + List.of(values));
        }
        return List.of(values);
    }
}
