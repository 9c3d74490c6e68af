package dev.koine.engine.taskvector;

import java.util.List;
import java.util.Objects;

/**
 * A linear combination of blocks, element by element: the sum of factor times value over the terms, in their order, in double, rounded
 * to float32 once.
 */
public final class CombinedBlock implements PrunedBlock {
    private final List<Term> terms;
    private final int numel;

    private CombinedBlock(List<Term> terms, int numel) {
        this.terms = List.copyOf(terms);
        this.numel = numel;
    }

    /**
     * A block in a combination.
     *
     * @param at its element that is the combination's first
     */
    public record Term(PrunedBlock block, int at, double factor) {}

    /**
     * The combination of some terms, each of which has {@code numel} elements behind its first; a single one with the factor 1, all of
     * it, is that block itself.
     */
    public static PrunedBlock of(List<Term> terms, int numel) {
        for (Term term : terms) {
            Objects.checkFromIndexSize(term.at(), numel, term.block().numel());
        }
        Term first = terms.get(0);
        boolean isItself =
                terms.size() == 1 && first.factor() == 1 && first.block().numel() == numel;
        return isItself ? first.block() : new CombinedBlock(terms, numel);
    }

    @Override
    public int numel() {
        return numel;
    }

    @Override
    public Precision precision() {
        return Precision.FLOAT32;
    }

    @Override
    public void read(int from, int count, float[] target, int at) {
        Objects.checkFromIndexSize(from, count, numel);
        Objects.checkFromIndexSize(at, count, target.length);
        double[] sums = new double[count];
        float[] values = new float[count];
        for (Term term : terms) {
            term.block().read(term.at() + from, count, values, 0);
            for (int i = 0; i < count; i++) {
                sums[i] += term.factor() * values[i];
            }
        }
        for (int i = 0; i < count; i++) {
            target[at + i] = (float) sums[i];
        }
    }
}
