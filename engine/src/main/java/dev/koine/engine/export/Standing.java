package dev.koine.engine.export;

import dev.koine.engine.tensor.ElementReader;
import dev.koine.engine.tensor.Run;
import java.io.IOException;
import java.util.List;

/**
 * How a tensor of a checkpoint stands in a weight: the whole of it or a part along an axis, as it is or transposed.
 *
 * @param whole shape of the weight
 * @param tensor shape of the tensor
 * @param axis along which the tensor is a part
 * @param from where it begins along the axis
 * @param isTransposed whether the weight has the tensor's transposed matrix
 */
record Standing(List<Long> whole, List<Long> tensor, int axis, long from, boolean isTransposed) {
    /** Elements of whole rows that are read at once where a matrix is read by columns. */
    private static final int TILE = 1 << 20;

    private static final int CHUNK = 4 * Run.CHUNK;

    Standing {
        whole = List.copyOf(whole);
        tensor = List.copyOf(tensor);
    }

    /** The longest runs of the tensor's elements to read at once; of a transposed one, rows without a rest. */
    int longestRun() {
        if (!isTransposed) {
            return CHUNK;
        }
        long columns = Math.max(1, tensor.get(1));
        return Math.toIntExact(Math.max(1, Math.min(tensor.get(0), TILE / columns)) * columns);
    }

    /**
     * Reads elements of the tensor, in its own order, from the weight.
     *
     * @param run of the tensor's elements; of a transposed one, whole rows
     */
    void read(ElementReader weight, Run run, float[] target) throws IOException {
        if (isTransposed) {
            readColumns(weight, run, target);
        } else if (axis == 0) {
            weight.read(from * row() + run.from(), target, 0, run.count());
        } else {
            readRows(weight, run, target);
        }
    }

    /** Elements of the weight that lie behind one index of its first axis. */
    private long row() {
        return whole.stream().skip(1).reduce(1L, Math::multiplyExact);
    }

    private void readRows(ElementReader weight, Run run, float[] target) throws IOException {
        long width = tensor.get(1);
        for (int done = 0; done < run.count(); ) {
            long element = run.from() + done;
            long column = element % width;
            int count = (int) Math.min(width - column, run.count() - done);
            weight.read(element / width * row() + from + column, target, done, count);
            done += count;
        }
    }

    private void readColumns(ElementReader weight, Run run, float[] target) throws IOException {
        int columns = Math.toIntExact(tensor.get(1));
        int rows = run.count() / columns;
        long top = run.from() / columns;
        long firstRow = axis == 0 ? from : 0;
        long firstColumn = axis == 0 ? 0 : from;
        float[] side = new float[rows];
        for (int j = 0; j < columns; j++) {
            weight.read((firstRow + j) * row() + firstColumn + top, side, 0, rows);
            for (int i = 0; i < rows; i++) {
                target[i * columns + j] = side[i];
            }
        }
    }
}
