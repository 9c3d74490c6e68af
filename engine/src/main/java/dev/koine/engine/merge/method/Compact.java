package dev.koine.engine.merge.method;

import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.WeightRole;
import java.util.List;

/**
 * Low-rank pruning of every matrix, embeddings and convolutions among them, band by band; vectors whole. What is left of a fine-tuned
 * model then is about what a LoRA adapter of this rank takes, and {@code eval/REAL.md} says that it is worth as much as all of it.
 */
public record Compact() implements MergeMethod {
    @Override
    public String name() {
        return "COMPACT";
    }

    @Override
    public String summary() {
        return "best low-rank approximation of every matrix, embeddings included, vectors whole";
    }

    @Override
    public List<Parameter> parameters() {
        return List.of(Parameter.RANK);
    }

    @Override
    public Policy compress(WeightRole role) {
        return Policy.LOW_RANK_BANDS;
    }
}
