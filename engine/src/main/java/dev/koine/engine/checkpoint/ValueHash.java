package dev.koine.engine.checkpoint;

import dev.koine.engine.tensor.ElementReader;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.FloatEncoding;
import dev.koine.engine.tensor.Run;
import dev.koine.engine.tensor.TensorInfo;
import java.io.IOException;

/**
 * A hash of a tensor's values that does not depend on their order, so that a matrix has the one of its transposed form. Different for most
 * different tensors; whoever needs to be sure compares.
 */
final class ValueHash {
    private ValueHash() {}

    /** @param type that the values are rounded to first, as an exporter casts them */
    static long of(TensorInfo tensor, ElementType type) throws IOException {
        boolean isRounded = !tensor.fitsInto(type);
        long hash = tensor.numel();
        float[] values = new float[(int) Math.min(Run.CHUNK, tensor.numel())];
        try (ElementReader reader = ElementReader.open(tensor)) {
            for (Run chunk : Run.chunks(tensor.numel())) {
                reader.read(chunk.from(), values, 0, chunk.count());
                if (isRounded) {
                    FloatEncoding.round(type, values, chunk.count());
                }
                for (int i = 0; i < chunk.count(); i++) {
                    hash += mixed(Float.floatToRawIntBits(values[i]));
                }
            }
        }
        return hash;
    }

    /** Two rounds of multiplication and xor-shift: neighbouring bit patterns give unrelated numbers. */
    private static long mixed(int bits) {
        long mixed = (bits + 0x9E3779B97F4A7C15L) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
        return mixed ^ mixed >>> 31;
    }
}
