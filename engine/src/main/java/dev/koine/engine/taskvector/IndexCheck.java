package dev.koine.engine.taskvector;

import dev.koine.engine.RejectedException;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.Transposed;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Holds the index of a task vector against the tensors of its file: every block is possible, has its tensors, and overlaps no other. */
final class IndexCheck {
    private static final int LARGEST_ARRAY = Integer.MAX_VALUE - 8;

    private final Map<String, TensorInfo> tensors;
    private final Set<String> explained = new HashSet<>();
    private final Map<String, TreeMap<Long, Long>> runs = new TreeMap<>();

    IndexCheck(Map<String, TensorInfo> tensors) {
        this.tensors = tensors;
    }

    /**
     * Checks all blocks.
     *
     * @throws RejectedException {@code NOT_SAFETENSORS} naming the block or tensor that does not fit
     */
    void require(List<TaskVectorFile.Entry> blocks) throws RejectedException {
        for (TaskVectorFile.Entry block : blocks) {
            long numel = (long) block.rows() * block.columns();
            if (block.weights().isEmpty()
                    || block.from() < 0
                    || block.from() > Long.MAX_VALUE - LARGEST_ARRAY
                    || block.rows() < 0
                    || block.columns() < 0
                    || numel > LARGEST_ARRAY
                    || block.rank() < 0
                    || block.keep() < 0
                    || block.keep() > numel
                    || (block.dense() && (block.rows() != 1 || block.rank() != 0 || block.keep() != 0))) {
                throw TaskVectorFile.malformed("it lists an impossible block " + block);
            }
            checkTensors(block);
            boolean hasTranspose = block.weights().stream().anyMatch(Transposed::isMarked);
            boolean mayHave = block.dense() && block.precision().isFloat();
            if (Transposed.isMarked(block.weights().get(0)) || (hasTranspose && !mayHave)) {
                throw TaskVectorFile.malformed("it lists a transpose where none can be, in " + block);
            }
            for (String weight : block.weights()) {
                addRun(weight, block, numel);
            }
        }
        if (explained.size() != tensors.size()) {
            throw TaskVectorFile.malformed("it holds tensors that belong to no block");
        }
    }

    private void checkTensors(TaskVectorFile.Entry block) throws RejectedException {
        int rank = block.rank();
        if (block.dense()) {
            requireFloats(block.floats("dense", block.columns()));
        }
        if (rank > 0) {
            requireFloats(block.floats("u", block.rows(), rank));
            requireFloats(block.floats("v", rank, block.columns()));
        }
        if (block.keep() > 0) {
            requireFloats(block.floats("values", block.keep()));
            requireTensor(
                    block.name("mask"), ElementType.UINT8, List.of((long) TaskVectorFile.maskBytes(block.numel())));
        }
    }

    private void requireFloats(StoredFloats floats) throws RejectedException {
        for (StoredFloats.Tensor tensor : floats.tensors()) {
            requireTensor(tensor.name(), tensor.type(), tensor.shape());
        }
    }

    private void requireTensor(String name, ElementType type, List<Long> shape) throws RejectedException {
        TensorInfo entry = tensors.get(name);
        if (entry == null || entry.type() != type || !entry.shape().equals(shape) || entry.numel() > LARGEST_ARRAY) {
            throw TaskVectorFile.malformed(
                    "tensor " + name + " of type " + type.safetensorsName() + " and shape " + shape + " is not there");
        }
        if (!explained.add(name)) {
            throw TaskVectorFile.malformed("it lists the block of " + name + " twice");
        }
    }

    private void addRun(String weight, TaskVectorFile.Entry block, long numel) throws RejectedException {
        TreeMap<Long, Long> taken = runs.computeIfAbsent(weight, key -> new TreeMap<>());
        Map.Entry<Long, Long> before = taken.floorEntry(block.from());
        Long after = taken.higherKey(block.from());
        if ((before != null && (before.getKey() == block.from() || before.getValue() > block.from()))
                || (after != null && after < block.from() + numel)) {
            throw TaskVectorFile.malformed("two blocks of " + block.weights() + " overlap at element " + block.from());
        }
        taken.put(block.from(), block.from() + numel);
    }
}
