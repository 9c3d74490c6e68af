package dev.koine.engine.own;

import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.LowRank;
import dev.koine.engine.onnx.rewrite.StoredTable;
import dev.koine.engine.onnx.rewrite.Table.Part;
import dev.koine.engine.taskvector.LorsBlock;
import dev.koine.engine.taskvector.PrunedBlock;
import dev.koine.engine.taskvector.TaskVectorFile;

/**
 * The two tables of a matrix, and what a block of an own term is in a row of them.
 *
 * @param left rows of [in, rank]
 * @param right rows of [rank, out]
 */
record TablePair(StoredTable left, StoredTable right) {

    /** Whether the weight, as the file has it, is [out, in]. */
    boolean isTurned() {
        return left.part() == Part.LEFT_OF_TRANSPOSE;
    }

    private int in() {
        return Math.toIntExact(left.tensor().shape().get(1));
    }

    private int out() {
        return Math.toIntExact(right.tensor().shape().get(2));
    }

    private int rows() {
        return isTurned() ? out() : in();
    }

    private int columns() {
        return isTurned() ? in() : out();
    }

    int rank() {
        return Math.toIntExact(left.tensor().shape().get(2));
    }

    /**
     * Requires room for a block.
     *
     * @throws RejectedException TENSOR_MISMATCH if it has another shape or too large a rank
     */
    void require(String key, TaskVectorFile.Entry block) throws RejectedException {
        boolean isLike = block.dense()
                ? block.numel() == (long) rows() * columns()
                : block.rows() == rows() && block.columns() == columns();
        if (!isLike) {
            throw OwnTerm.mismatch("its block of '" + key + "' has " + block.rows() + " x " + block.columns()
                    + " elements, and the model " + rows() + " x " + columns());
        }
        int rank = block.dense() ? Math.min(rows(), columns()) : block.rank();
        if (rank > rank()) {
            throw OwnTerm.mismatch("its factor pair of '" + key + "' has the rank " + rank + ", and the model room for "
                    + rank() + " (a model that is made with a larger --rank has more)");
        }
    }

    /** A row of the left table. */
    float[] left(PrunedBlock block) {
        LowRank factors = factors(block);
        int given = factors.rank();
        float[] row = new float[in() * rank()];
        for (int i = 0; i < in(); i++) {
            for (int k = 0; k < given; k++) {
                row[i * rank() + k] = isTurned() ? factors.v()[k * in() + i] : factors.u()[i * given + k];
            }
        }
        return row;
    }

    /** A row of the right table. */
    float[] right(PrunedBlock block) {
        LowRank factors = factors(block);
        int given = factors.rank();
        float[] row = new float[rank() * out()];
        for (int k = 0; k < given; k++) {
            for (int j = 0; j < out(); j++) {
                row[k * out() + j] = isTurned() ? factors.u()[j * given + k] : factors.v()[k * out() + j];
            }
        }
        return row;
    }

    /** A whole matrix is itself times the identity. */
    private LowRank factors(PrunedBlock block) {
        if (block instanceof LorsBlock factors) {
            return factors.lowRank();
        }
        float[] whole = new float[block.numel()];
        block.read(0, whole.length, whole, 0);
        int rank = Math.min(rows(), columns());
        float[] identity = new float[rank * rank];
        for (int i = 0; i < rank; i++) {
            identity[i * rank + i] = 1;
        }
        return rows() <= columns()
                ? new LowRank(rows(), columns(), rank, identity, whole)
                : new LowRank(rows(), columns(), rank, whole, identity);
    }
}
