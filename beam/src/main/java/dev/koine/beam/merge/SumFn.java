package dev.koine.beam.merge;

import java.util.Iterator;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.CoderRegistry;
import org.apache.beam.sdk.transforms.Combine;

/** Adds totals up: integers, so that neither order nor grouping changes a bit. */
final class SumFn extends Combine.CombineFn<SliceTotals, SliceTotals, SliceTotals> {
    private static final long serialVersionUID = 1L;

    @Override
    public SliceTotals createAccumulator() {
        return SliceTotals.none();
    }

    @Override
    public SliceTotals addInput(SliceTotals sum, SliceTotals addend) {
        return sum.isNone() ? addend.copy() : sum(sum, addend);
    }

    @Override
    public SliceTotals mergeAccumulators(Iterable<SliceTotals> sums) {
        Iterator<SliceTotals> each = sums.iterator();
        SliceTotals all = each.next();
        while (each.hasNext()) {
            SliceTotals next = each.next();
            all = all.isNone() ? next : sum(all, next);
        }
        return all;
    }

    private static SliceTotals sum(SliceTotals sum, SliceTotals addend) {
        if (!addend.isNone()) {
            sum.add(addend);
        }
        return sum;
    }

    @Override
    public SliceTotals extractOutput(SliceTotals sum) {
        return sum;
    }

    @Override
    public Coder<SliceTotals> getAccumulatorCoder(CoderRegistry registry, Coder<SliceTotals> inputCoder) {
        return new SliceTotalsCoder();
    }

    @Override
    public Coder<SliceTotals> getDefaultOutputCoder(CoderRegistry registry, Coder<SliceTotals> inputCoder) {
        return new SliceTotalsCoder();
    }
}
