package dev.koine.engine.tensor;

import java.util.List;

/** Elements that lie in files: as one tensor, or put together from several. */
public sealed interface Values extends Counterpart permits TensorInfo, Joined {
    /** The dimensions, outermost first. */
    List<Long> shape();

    /** The tensors that hold the elements. */
    List<TensorInfo> tensors();

    /** Whether every element is one of {@code type}, so that nothing is lost when it is kept as one. */
    default boolean fitsInto(ElementType type) {
        return type == ElementType.FLOAT
                || tensors().stream().allMatch(tensor -> tensor.type() == type)
                        && !(this instanceof Joined joined && joined.isScaled());
    }

    /**
     * How many elements are best read at a time: {@link Run#CHUNK}, or of a matrix that is stored by columns as many rows as lie side by side
     * in the file.
     */
    default int run() {
        boolean isByColumns = tensors().stream().anyMatch(tensor -> tensor.storage() == TensorInfo.Storage.COLUMNS);
        long columns = isByColumns ? shape().get(shape().size() - 1) : 1;
        long rows = Math.min(TensorReader.TILE, Math.max(1, (1 << 22) / Math.max(1, columns)));
        return (int) Math.max(Run.CHUNK, Math.min(rows * columns, 1 << 26));
    }
}
