package dev.koine.engine.checkpoint;

import dev.koine.engine.tensor.ElementReader;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.FloatEncoding;
import dev.koine.engine.tensor.Run;
import dev.koine.engine.tensor.TensorInfo;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A part of a weight along an axis, compared with a tensor of its shape.
 *
 * @param from where it begins along the axis
 * @param shape of the part
 */
record PartOfWeight(TensorInfo weight, int axis, long from, List<Long> shape) {
    /** Elements that are read to guess a factor. */
    private static final int LOOK = 64;

    /** Elements of one run of the part in the weight. */
    private long width() {
        return axis == 0 ? numel() : shape.get(axis);
    }

    private long numel() {
        return shape.stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
    }

    /** The place in the weight of the part's element. */
    private long place(long element) {
        if (axis == 0) {
            long row = numel() / shape.get(0);
            return from * row + element;
        }
        return element / width() * weight.shape().get(1) + from + element % width();
    }

    /**
     * What the weight is of a tensor at the first elements, by the largest of these; 1 where they are equal.
     *
     * @return null if they are not in one ratio, or say nothing: are all zero, or all the same
     */
    @Nullable
    Float ratio(ElementReader ours, ElementReader theirs) throws IOException {
        int count = (int) Math.min(LOOK, width());
        float[] left = new float[count];
        float[] right = new float[count];
        ours.read(place(0), left, 0, count);
        theirs.read(0, right, 0, count);
        int largest = 0;
        boolean isSame = true;
        for (int i = 0; i < count; i++) {
            isSame &= right[i] == right[0];
            if (Math.abs(right[i]) > Math.abs(right[largest])) {
                largest = i;
            }
        }
        float ratio = (float) ((double) left[largest] / right[largest]);
        if (isSame || !Float.isFinite(ratio) || ratio == 0) {
            return null;
        }
        float tolerance = weight.type() == ElementType.FLOAT ? 1e-5f : 1e-2f;
        for (int i = 0; i < count; i++) {
            if (Math.abs(left[i] - ratio * right[i]) > tolerance * Math.abs(left[largest])) {
                return null;
            }
        }
        return ratio;
    }

    /** Whether the part has exactly these elements, cast to the weight's type. */
    boolean isEqual(ElementReader ours, ElementReader theirs) throws IOException {
        int most = (int) Math.min(Run.CHUNK, width());
        float[] left = new float[most];
        float[] right = new float[most];
        for (long row = 0; row < numel(); row += width()) {
            for (Run run : Run.cut(width(), most)) {
                ours.read(place(row + run.from()), left, 0, run.count());
                theirs.read(row + run.from(), right, 0, run.count());
                FloatEncoding.round(weight.type(), right, run.count());
                for (int i = 0; i < run.count(); i++) {
                    if (left[i] != right[i]) {
                        return false;
                    }
                }
            }
        }
        return true;
    }
}
