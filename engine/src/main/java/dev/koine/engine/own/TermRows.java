package dev.koine.engine.own;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.rewrite.StoredTable;
import dev.koine.engine.onnx.rewrite.Table.Part;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.taskvector.PrunedBlock;
import dev.koine.engine.taskvector.TaskVectorFile;
import dev.koine.engine.tensor.FloatEncoding;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes own terms into rows of a model's tables. A term is read whole before anything is written; one block is on the heap at a time. */
final class TermRows {
    private final Map<String, List<TablePair>> matrices = new LinkedHashMap<>();
    private final Map<String, List<StoredTable>> vectors = new LinkedHashMap<>();

    /** @throws RejectedException SIDE_FILE_MISMATCH if a factor stands alone */
    TermRows(List<StoredTable> tables) throws RejectedException {
        for (StoredTable table : tables) {
            switch (table.part()) {
                case VECTOR ->
                    vectors.computeIfAbsent(table.weight(), key -> new ArrayList<>())
                            .add(table);
                case LEFT -> pair(table, Part.RIGHT, tables);
                case LEFT_OF_TRANSPOSE -> pair(table, Part.RIGHT_OF_TRANSPOSE, tables);
                case RIGHT, RIGHT_OF_TRANSPOSE -> {}
            }
        }
    }

    private void pair(StoredTable left, Part part, List<StoredTable> tables) throws RejectedException {
        for (StoredTable right : tables) {
            boolean isPair = right.part() == part
                    && right.weight().equals(left.weight())
                    && right.tensor().type() == left.tensor().type();
            if (isPair
                    && left.tensor().shape().size() == 3
                    && right.tensor().shape().size() == 3
                    && left.tensor()
                            .shape()
                            .get(2)
                            .equals(right.tensor().shape().get(1))) {
                matrices.computeIfAbsent(left.weight(), key -> new ArrayList<>())
                        .add(new TablePair(left, right));
                return;
            }
        }
        throw new RejectedException(
                RejectionCode.SIDE_FILE_MISMATCH,
                "The table '" + Quote.of(left.tensor().name()) + "' has no other factor. Make the model again.");
    }

    /**
     * Writes a row; a weight that the term says nothing of gets zeros.
     *
     * @throws RejectedException TENSOR_MISMATCH if the term does not fit the tables; NON_FINITE or NOT_SAFETENSORS if a block cannot be read
     */
    void write(OwnTerm term, int row) throws RejectedException, IOException {
        Map<String, TaskVectorFile.Entry> blocks = new HashMap<>();
        for (TaskVectorFile.Entry block : term.blocks()) {
            for (String key : block.weights()) {
                requireRoom(key, block);
                blocks.put(key, block);
            }
            term.read(block);
        }
        try (Rows rows = new Rows(row)) {
            for (Map.Entry<String, List<TablePair>> weight : matrices.entrySet()) {
                TaskVectorFile.Entry entry = blocks.get(weight.getKey());
                PrunedBlock block = entry == null ? null : term.read(entry);
                for (TablePair pair : weight.getValue()) {
                    rows.write(pair.left(), block == null ? zeros(pair.left()) : pair.left(block));
                    rows.write(pair.right(), block == null ? zeros(pair.right()) : pair.right(block));
                }
            }
            for (Map.Entry<String, List<StoredTable>> weight : vectors.entrySet()) {
                TaskVectorFile.Entry entry = blocks.get(weight.getKey());
                for (StoredTable table : weight.getValue()) {
                    float[] values = zeros(table);
                    if (entry != null) {
                        term.read(entry).read(0, values.length, values, 0);
                    }
                    rows.write(table, values);
                }
            }
            rows.force();
        }
    }

    private static float[] zeros(StoredTable table) {
        return new float[table.rowElements()];
    }

    private void requireRoom(String key, TaskVectorFile.Entry block) throws RejectedException {
        List<TablePair> pairs = matrices.getOrDefault(key, List.of());
        List<StoredTable> tables = vectors.getOrDefault(key, List.of());
        if (pairs.isEmpty() && tables.isEmpty()) {
            throw OwnTerm.mismatch("it changes '" + Quote.of(key)
                    + "', and no side branch can stand there: it is read in a function of the model, or by an operator that is not known"
                    + " to take such an addend");
        }
        for (TablePair pair : pairs) {
            pair.require(Quote.of(key), block);
        }
        for (StoredTable table : tables) {
            if (!block.dense() || block.numel() != table.rowElements()) {
                throw OwnTerm.mismatch("its block of '" + Quote.of(key) + "' has " + block.numel()
                        + " elements, and the model " + table.rowElements());
            }
        }
    }

    /** One row of files that are opened as they are met. */
    private static final class Rows implements AutoCloseable {
        private final int row;
        private final Map<Path, FileChannel> files = new HashMap<>();

        Rows(int row) {
            this.row = row;
        }

        void write(StoredTable table, float[] values) throws RejectedException, IOException {
            float largest = table.tensor().type().largestValue();
            for (float value : values) {
                if (!(Math.abs(value) <= largest)) {
                    throw new RejectedException(
                            RejectionCode.NON_FINITE,
                            "The own term has the number " + value + " for '" + Quote.of(table.weight())
                                    + "', which is " + table.tensor().type() + " in the model. Check the expert.");
                }
            }
            Path path = table.tensor().file();
            FileChannel file = files.get(path);
            if (file == null) {
                file = FileChannel.open(path, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
                files.put(path, file);
            }
            ByteBuffer bytes = ByteBuffer.allocate(
                            values.length * table.tensor().type().bytes())
                    .order(ByteOrder.LITTLE_ENDIAN);
            FloatEncoding.encode(table.tensor().type(), values, 0, values.length, bytes);
            bytes.flip();
            for (long at = table.offset(row); bytes.hasRemaining(); ) {
                at += file.write(bytes, at);
            }
        }

        void force() throws IOException {
            for (FileChannel file : files.values()) {
                file.force(true);
            }
        }

        @Override
        public void close() throws IOException {
            for (FileChannel file : files.values()) {
                file.close();
            }
        }
    }
}
