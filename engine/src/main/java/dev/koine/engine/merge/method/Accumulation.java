package dev.koine.engine.merge.method;

import java.util.List;

/**
 * What a model keeps of the task vectors inside, for each element: some sums of integers, each a plane. A method that is no sum is still
 * incremental, free of order, and lets go of an expert exactly, if these are all that it needs.
 */
public interface Accumulation {
    /** The sum of the weighted values: one plane. */
    Accumulation SUM = new Sum();

    /** What the integers of a plane stand for. */
    enum Plane {
        /** Weighted values, in steps of the weight's grid. */
        SUM,
        /** Whole numbers as they are. */
        COUNT
    }

    /** The planes, at least one; the first is a sum. */
    List<Plane> planes();

    /**
     * Says what a run of a task vector adds to each plane.
     *
     * @param values what the task vector says; finite, or else it is refused if it is a sum's addend: such a value is to be one
     * @param factor the member's
     * @param addends {@code [plane][i]}; of a SUM a value that is multiplied with the factor as it is added, of a COUNT a whole number
     */
    void split(float[] values, int count, double factor, float[][] addends);

    /** {@link #SUM}. */
    final class Sum implements Accumulation {
        private Sum() {}

        @Override
        public List<Plane> planes() {
            return List.of(Plane.SUM);
        }

        @Override
        public void split(float[] values, int count, double factor, float[][] addends) {
            System.arraycopy(values, 0, addends[0], 0, count);
        }
    }
}
