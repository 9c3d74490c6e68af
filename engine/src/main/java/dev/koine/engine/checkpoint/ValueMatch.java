package dev.koine.engine.checkpoint;

import dev.koine.engine.tensor.ElementReader;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.FloatEncoding;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.Values;
import java.io.IOException;

/** Compares values bit by bit, only until they differ. */
final class ValueMatch {
    /** Different tensors mostly differ in so many elements already. */
    private static final int FIRST = 64;

    private ValueMatch() {}

    /** Whether a weight has the values of something in a checkpoint, cast to the weight's type. */
    static boolean areEqual(TensorInfo weight, Values values) throws IOException {
        ElementType type = weight.type();
        boolean isRounded = !values.fitsInto(type);
        try (ElementReader ours = ElementReader.open(weight);
                ElementReader theirs = ElementReader.open(values)) {
            if (ours.numel() != theirs.numel()) {
                return false;
            }
            int most = values.run();
            float[] left = new float[(int) Math.min(most, ours.numel())];
            float[] right = new float[left.length];
            int longest = Math.min(FIRST, most);
            long done = 0;
            while (done < ours.numel()) {
                int count = (int) Math.min(longest, ours.numel() - done);
                ours.read(done, left, 0, count);
                theirs.read(done, right, 0, count);
                if (isRounded) {
                    FloatEncoding.round(type, right, count);
                }
                for (int i = 0; i < count; i++) {
                    if (Float.floatToRawIntBits(left[i]) != Float.floatToRawIntBits(right[i])) {
                        return false;
                    }
                }
                done += count;
                longest = most;
            }
            return true;
        }
    }
}
