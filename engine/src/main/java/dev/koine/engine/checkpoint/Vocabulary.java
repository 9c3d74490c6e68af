package dev.koine.engine.checkpoint;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.tensor.TensorInfo;
import java.util.List;

/** What is said of a tensor of another shape; of an embedding with more rows, that tokens were added, and how to do without. */
final class Vocabulary {
    private Vocabulary() {}

    static RejectedException refusal(TensorInfo ours, TensorInfo theirs) {
        List<Long> before = ours.shape();
        List<Long> after = theirs.shape();
        String what =
                "The expert's tensor " + Checkpoint.describe(theirs) + " has another shape than the base's, " + before;
        boolean isTable =
                before.size() == 2 && after.size() == 2 && before.get(1).equals(after.get(1));
        if (!isTable) {
            return new RejectedException(
                    RejectionCode.TENSOR_MISMATCH,
                    what + ": it is a fine-tune of another model. Fine-tune the registered base itself.");
        }
        long more = after.get(0) - before.get(0);
        return new RejectedException(
                RejectionCode.TENSOR_MISMATCH,
                what + ": " + Math.abs(more) + (Math.abs(more) == 1 ? " row " : " rows ")
                        + (more > 0 ? "more" : "fewer")
                        + ", as the vocabulary was resized ("
                        + (more > 0 ? "resize_token_embeddings, after tokens were added" : "resize_token_embeddings")
                        + "). A merged model has one vocabulary, the base's. Train without new tokens: give the language one that the"
                        + " tokenizer has and nobody needs, such as the language token of a close relative, and call no"
                        + " resize_token_embeddings.");
    }
}
