package dev.koine.engine.export;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.export.VersionOfBase.Place;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.safetensors.SafetensorsWriter;
import dev.koine.engine.tensor.TensorInfo;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Writes a version as the folder that training frameworks and services load: the base's checkpoint with the version's weights, under the
 * checkpoint's names and in its types, and all that lay beside it. Of the weights, one tile is in memory at a time.
 */
public final class CheckpointExport {
    /** Bytes of tensors in one file, as transformers has them by itself. */
    public static final long SHARD_BYTES = 5_000_000_000L;

    /** What transformers asks of a file: that it holds PyTorch's tensors. */
    private static final Map<String, String> METADATA = Map.of("format", "pt");

    private final MappedBase base;
    private final long shardBytes;
    private final Progress progress;

    public CheckpointExport(MappedBase base, Progress progress) {
        this(base, SHARD_BYTES, progress);
    }

    /** @param shardBytes bytes of tensors in one file */
    public CheckpointExport(MappedBase base, long shardBytes, Progress progress) {
        this.base = base;
        this.shardBytes = shardBytes;
        this.progress = progress;
    }

    /**
     * What was written.
     *
     * @param tensors how many
     * @param changed how many of them are not the checkpoint's
     * @param bytes of all tensors
     * @param files with weights
     * @param leftOut files of the checkpoint's folder that were not copied, since they hold the base's weights
     */
    public record Written(int tensors, int changed, long bytes, List<String> files, List<String> leftOut) {
        public Written {
            files = List.copyOf(files);
            leftOut = List.copyOf(leftOut);
        }
    }

    /**
     * Writes the folder.
     *
     * @param version merged from the base, or the base itself
     * @param target an empty folder; after a failure it holds a part
     * @throws RejectedException GRAPH_MISMATCH if it is no version of the base, or has different values where the checkpoint has one tensor;
     *     CHECKPOINT_MISMATCH if it changes what the checkpoint does not have; NON_FINITE for a value that its type cannot hold
     */
    public Written write(ModelBundle version, Path target) throws RejectedException, IOException {
        Map<String, List<Place>> places = VersionOfBase.of(base, version).places();
        List<String> leftOut = CompanionFiles.copy(base.checkpoint().directory(), base.files(), target);
        Shards shards = Shards.of(base.checkpoint().tensors().values(), shardBytes);
        Counter counter = new Counter(shards.bytes());
        List<TensorExport> exported = new ArrayList<>();
        List<String> files = new ArrayList<>();
        for (int i = 0; i < shards.files().size(); i++) {
            SafetensorsWriter writer = new SafetensorsWriter().metadata(METADATA);
            for (TensorInfo tensor : shards.files().get(i)) {
                TensorExport export = new TensorExport(tensor, places.getOrDefault(tensor.name(), List.of()));
                exported.add(export);
                writer.tensor(tensor.name(), tensor.type(), tensor.shape(), out -> {
                    export.writeTo(out);
                    counter.add(tensor.length());
                });
            }
            write(writer, target.resolve(shards.name(i)));
            files.add(shards.name(i));
        }
        shards.writeIndex(target);
        int changed = (int) exported.stream().filter(TensorExport::isChanged).count();
        return new Written(exported.size(), changed, shards.bytes(), files, leftOut);
    }

    private static void write(SafetensorsWriter writer, Path file) throws RejectedException, IOException {
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16)) {
            writer.writeTo(out);
        } catch (RefusedException e) {
            throw e.refusal();
        }
        FileTree.force(file);
    }

    private final class Counter {
        private final long total;
        private long done;

        Counter(long total) {
            this.total = total;
        }

        void add(long bytes) {
            done += bytes;
            progress.report("writing", done, total);
        }
    }
}
