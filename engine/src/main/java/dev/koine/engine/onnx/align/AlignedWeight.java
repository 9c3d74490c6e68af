package dev.koine.engine.onnx.align;

import dev.koine.engine.tensor.Counterpart;
import dev.koine.engine.tensor.Weight;
import java.util.List;

/**
 * A weight of the base and what the expert has at the same place of the graph. Where several base weights hold the same bytes
 * and their counterparts in the expert do too (tied, or shared between encoder and decoder files), they stand here together and
 * are pruned once.
 *
 * @param base one weight or more, all with equal bytes, in the order of the bundle's weights
 * @param expert the expert's counterpart of the first; of the same shape, whatever its element type
 * @param transposeOf the base weights of an earlier one, if this is its transpose, bit for bit, in base and expert; else empty
 */
public record AlignedWeight(List<Weight> base, Counterpart expert, List<Weight> transposeOf) {
    public AlignedWeight {
        base = List.copyOf(base);
        transposeOf = List.copyOf(transposeOf);
    }

    /** One that is no transpose of another. */
    public AlignedWeight(List<Weight> base, Counterpart expert) {
        this(base, expert, List.of());
    }
}
