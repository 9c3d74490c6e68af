package dev.koine.flink.metric;

import java.util.concurrent.atomic.LongAdder;
import org.apache.flink.metrics.Counter;

/** A counter that several threads add to. */
final class SumCounter implements Counter {
    private final LongAdder sum = new LongAdder();

    @Override
    public void inc() {
        sum.increment();
    }

    @Override
    public void inc(long n) {
        sum.add(n);
    }

    @Override
    public void dec() {
        sum.decrement();
    }

    @Override
    public void dec(long n) {
        sum.add(-n);
    }

    @Override
    public long getCount() {
        return sum.sum();
    }
}
