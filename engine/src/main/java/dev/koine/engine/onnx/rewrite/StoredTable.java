package dev.koine.engine.onnx.rewrite;

import dev.koine.engine.onnx.graph.OnnxModel;
import dev.koine.engine.onnx.graph.StoredTensor;
import dev.koine.engine.onnx.rewrite.Table.Part;
import dev.koine.engine.tensor.TensorInfo;
import java.util.List;
import java.util.Optional;

/**
 * A {@link Table} as it lies in a model that has side branches.
 *
 * @param weight the key of the weight of the base
 * @param tensor with the rows
 */
public record StoredTable(String weight, Part part, TensorInfo tensor) {
    /** The tables of a model file, in the order of the file; none if it has no side branches. */
    public static List<StoredTable> of(OnnxModel model) {
        return model.graph().initializers().stream()
                .map(StoredTensor::info)
                .map(StoredTable::of)
                .flatMap(Optional::stream)
                .toList();
    }

    private static Optional<StoredTable> of(TensorInfo tensor) {
        boolean isTable = tensor.type().isMergeable() && tensor.shape().size() >= 2 && tensor.numel() > 0;
        return isTable
                ? Table.parse(tensor.name(), tensor.type(), tensor.shape().size())
                        .map(name -> new StoredTable(name.weight(), name.part(), tensor))
                : Optional.empty();
    }

    public int rows() {
        return Math.toIntExact(tensor.shape().get(0));
    }

    /** How many elements a row has. */
    public int rowElements() {
        return Math.toIntExact(tensor.numel() / tensor.shape().get(0));
    }

    /** The first byte of a row in the tensor's file. */
    public long offset(int row) {
        return tensor.offset() + (long) row * rowElements() * tensor.type().bytes();
    }
}
