package dev.koine.beam.merge;

import dev.koine.engine.merge.prune.PruneItem;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.TensorInfo;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.ListCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.coders.VarLongCoder;

/** {@link PlannedTask} in bytes: where the tensors lie, no weights; some hundred bytes an item. */
final class PlannedTaskCoder extends VersionedCoder<PlannedTask> {
    private static final Coder<String> TEXT = StringUtf8Coder.of();
    private static final Coder<Long> NUMBER = VarLongCoder.of();
    private static final Coder<List<Long>> SHAPE = ListCoder.of(NUMBER);
    private static final Coder<List<String>> KEYS = ListCoder.of(TEXT);
    private static final Coder<List<PruneItem>> ITEMS = ListCoder.of(new ItemCoder());
    private static final long serialVersionUID = 1L;

    PlannedTaskCoder() {
        super(1);
    }

    @Override
    void write(PlannedTask value, DataOutputStream out) throws IOException {
        TEXT.encode(value.expert(), out);
        TEXT.encode(value.place(), out);
        out.writeDouble(value.weight());
        out.writeInt(value.tasks());
        out.writeInt(value.task().index());
        ITEMS.encode(value.task().items(), out);
    }

    @Override
    PlannedTask read(DataInputStream in) throws IOException {
        return new PlannedTask(
                TEXT.decode(in),
                TEXT.decode(in),
                in.readDouble(),
                in.readInt(),
                new PruneTask(in.readInt(), ITEMS.decode(in)));
    }

    private static final class ItemCoder extends VersionedCoder<PruneItem> {
        private static final long serialVersionUID = 1L;

        ItemCoder() {
            super(1);
        }

        @Override
        void write(PruneItem value, DataOutputStream out) throws IOException {
            KEYS.encode(value.weights(), out);
            TEXT.encode(value.policy().name(), out);
            write(value.base(), out);
            write((TensorInfo) value.expert(), out);
            out.writeLong(value.from());
            out.writeInt(value.count());
        }

        @Override
        PruneItem read(DataInputStream in) throws IOException {
            return new PruneItem(
                    KEYS.decode(in),
                    Policy.valueOf(TEXT.decode(in)),
                    tensor(in),
                    tensor(in),
                    in.readLong(),
                    in.readInt());
        }

        private static void write(TensorInfo tensor, DataOutputStream out) throws IOException {
            TEXT.encode(tensor.name(), out);
            TEXT.encode(tensor.type().name(), out);
            SHAPE.encode(tensor.shape(), out);
            TEXT.encode(tensor.file().toString(), out);
            out.writeLong(tensor.offset());
            out.writeLong(tensor.length());
            TEXT.encode(tensor.storage().name(), out);
        }

        private static TensorInfo tensor(DataInputStream in) throws IOException {
            return new TensorInfo(
                    TEXT.decode(in),
                    ElementType.valueOf(TEXT.decode(in)),
                    SHAPE.decode(in),
                    Path.of(TEXT.decode(in)),
                    in.readLong(),
                    in.readLong(),
                    TensorInfo.Storage.valueOf(TEXT.decode(in)));
        }
    }
}
