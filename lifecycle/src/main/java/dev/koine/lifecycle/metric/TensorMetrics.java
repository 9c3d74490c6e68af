package dev.koine.lifecycle.metric;

import dev.koine.engine.merge.prune.PruneItem;
import dev.koine.engine.merge.prune.PruneObserver;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongConsumer;

/** What pruning tensors takes, by their size. */
public final class TensorMetrics implements PruneObserver {
    private final Map<MatrixSize, LongConsumer> seconds = new EnumMap<>(MatrixSize.class);
    private final Map<MatrixSize, LongConsumer> elements = new EnumMap<>(MatrixSize.class);

    public TensorMetrics(Instruments instruments) {
        for (MatrixSize size : MatrixSize.values()) {
            seconds.put(size, instruments.histogram(JobMetrics.PRUNE_TENSOR, size.label()));
            elements.put(size, instruments.counter(JobMetrics.PRUNE_ELEMENTS, size.label()));
        }
    }

    @Override
    public void pruned(PruneItem item, long nanos) {
        MatrixSize size = MatrixSize.of(item.count());
        Objects.requireNonNull(seconds.get(size)).accept(nanos);
        Objects.requireNonNull(elements.get(size)).accept(item.count());
    }
}
