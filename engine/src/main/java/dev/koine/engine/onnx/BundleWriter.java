package dev.koine.engine.onnx;

import dev.koine.engine.onnx.graph.OpenFiles;
import dev.koine.engine.onnx.wire.VarintSplice;
import dev.koine.engine.tensor.FloatEncoding;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.TensorInfo.Storage;
import dev.koine.engine.tensor.Weight;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Writes a copy of a bundle in which some weights have new values. Weights keep their type and shape, so the copy is the base's files with
 * those ranges overwritten: graph, metadata, side files and all other weights are the base's, byte for byte. Weights that the base stores
 * as varints stay varints; they, and the lengths of the messages around them, may take other numbers of bytes.
 *
 * <p>Every element of every replaced weight must be written before {@link #close()}: until then its bytes are zero.
 */
public final class BundleWriter implements AutoCloseable {
    private static final int CHUNK = 1 << 18;

    private final Path source;
    private final Path target;
    private final Set<TensorInfo> replaced = new HashSet<>();
    private final Map<Path, Path> copies = new HashMap<>();
    private final OpenFiles files = new OpenFiles(StandardOpenOption.READ, StandardOpenOption.WRITE);
    private final List<StagedModel> staged = new ArrayList<>();
    private final Map<TensorInfo, Long> positions = new HashMap<>();
    private final Queue<ByteBuffer> buffers = new ConcurrentLinkedQueue<>();

    private BundleWriter(Path source, Path target) {
        this.source = source;
        this.target = target;
    }

    /**
     * Copies everything of {@code base} but the replaced weights.
     *
     * @param target a directory that is empty or does not exist
     * @param replaced weights of {@code base}, all of which will be written
     * @throws IllegalArgumentException if a weight is not of this bundle
     * @throws IOException if a file cannot be copied, or {@code target} holds one already
     */
    public static BundleWriter create(ModelBundle base, Path target, Collection<Weight> replaced) throws IOException {
        Files.createDirectories(target);
        BundleWriter writer = new BundleWriter(base.directory(), target.toRealPath());
        writer.copy(base, replaced);
        return writer;
    }

    private void copy(ModelBundle base, Collection<Weight> weights) throws IOException {
        Set<Weight> known = new HashSet<>(base.weights());
        Map<Path, List<TensorInfo>> ranges = new HashMap<>();
        for (Weight weight : weights) {
            if (!known.contains(weight)) {
                throw new IllegalArgumentException("The bundle has no weight " + weight.key() + ".");
            }
            if (replaced.add(weight.tensor())) {
                ranges.computeIfAbsent(weight.tensor().file(), file -> new ArrayList<>())
                        .add(weight.tensor());
            }
        }
        for (String file : base.files()) {
            Path from = source.resolve(file);
            Path to = target.resolve(file);
            Files.createDirectories(Objects.requireNonNull(to.getParent()));
            List<TensorInfo> tensors = ranges.getOrDefault(from, List.of());
            if (tensors.stream().anyMatch(tensor -> tensor.storage() == Storage.VARINTS)) {
                stage(from, to, tensors);
            } else {
                copy(from, to, tensors);
            }
        }
    }

    /** Copies a model file to the side, with room behind it for the elements of its varints. */
    private void stage(Path from, Path to, List<TensorInfo> tensors) throws IOException {
        if (Files.exists(to, LinkOption.NOFOLLOW_LINKS)) {
            throw new FileAlreadyExistsException(to.toString());
        }
        Path side = to.resolveSibling("." + to.getFileName() + ".staged");
        StagedModel model = new StagedModel(from, side, to, new TreeMap<>());
        staged.add(model);
        copy(
                from,
                side,
                tensors.stream()
                        .filter(tensor -> tensor.storage() == Storage.BYTES)
                        .toList());
        long end = Files.size(from);
        for (TensorInfo tensor : tensors) {
            if (tensor.storage() == Storage.VARINTS) {
                VarintSplice.Place place = model.places().get(tensor.offset());
                if (place == null) {
                    place = new VarintSplice.Place(end, tensor.numel());
                    model.places().put(tensor.offset(), place);
                    end += tensor.numel() * tensor.type().bytes();
                }
                positions.put(tensor, place.position());
            }
        }
        long last = end - 1;
        files.use(side, channel -> channel.write(ByteBuffer.allocate(1), last));
    }

    private record StagedModel(Path from, Path side, Path to, NavigableMap<Long, VarintSplice.Place> places) {}

    private void copy(Path from, Path to, List<TensorInfo> holes) throws IOException {
        holes = new ArrayList<>(holes);
        holes.sort(Comparator.comparingLong(TensorInfo::offset));
        try (FileChannel in = FileChannel.open(from, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
                FileChannel out = FileChannel.open(
                        to, StandardOpenOption.WRITE, StandardOpenOption.READ, StandardOpenOption.CREATE_NEW)) {
            copies.put(from, to);
            long size = in.size();
            long position = 0;
            for (TensorInfo hole : holes) {
                transfer(in, out, position, hole.offset(), from);
                position = Math.max(position, hole.offset() + hole.length());
            }
            transfer(in, out, position, size, from);
            if (size > 0 && position == size && !holes.isEmpty()) {
                out.write(ByteBuffer.allocate(1), size - 1);
            }
        }
    }

    private static void transfer(FileChannel in, FileChannel out, long start, long end, Path from) throws IOException {
        long position = start;
        while (position < end) {
            out.position(position);
            long count = in.transferTo(position, end - position, out);
            if (count <= 0) {
                throw new EOFException("The file " + from + " became shorter while it was copied.");
            }
            position += count;
        }
    }

    /**
     * Writes elements {@code from} to {@code from + count} of a replaced weight, encoded to its own type. Safe for several threads that
     * write distinct ranges.
     *
     * @throws IllegalArgumentException if the weight is not among the replaced ones
     */
    public void write(Weight weight, long from, float[] source, int at, int count) throws IOException {
        TensorInfo tensor = weight.tensor();
        Path copy = replaced.contains(tensor) ? copies.get(tensor.file()) : null;
        if (copy == null) {
            throw new IllegalArgumentException("The weight " + weight.key() + " is not among the replaced ones.");
        }
        Objects.checkFromIndexSize(from, count, tensor.numel());
        Objects.checkFromIndexSize(at, count, source.length);
        int width = tensor.type().bytes();
        ByteBuffer chunk = buffer();
        long start = positions.getOrDefault(tensor, tensor.offset());
        files.use(copy, channel -> {
            for (int done = 0; done < count; ) {
                int now = Math.min(chunk.capacity() / width, count - done);
                chunk.clear();
                FloatEncoding.encode(tensor.type(), source, at + done, now, chunk);
                chunk.flip();
                long position = start + (from + done) * width;
                while (chunk.hasRemaining()) {
                    position += channel.write(chunk, position);
                }
                done += now;
            }
        });
        buffers.add(chunk);
    }

    /**
     * Where the elements of a replaced weight are in the copy.
     *
     * @param offset of the first one's bytes
     */
    public record Place(Path file, long offset) {}

    /** The place of a replaced weight; empty for one in a file that is put together at the end. */
    public Optional<Place> place(Weight weight) {
        TensorInfo tensor = weight.tensor();
        boolean isStaged = staged.stream().anyMatch(model -> model.from().equals(tensor.file()));
        return isStaged
                ? Optional.empty()
                : Optional.of(new Place(Objects.requireNonNull(copies.get(tensor.file())), tensor.offset()));
    }

    private ByteBuffer buffer() {
        ByteBuffer buffer = buffers.poll();
        return buffer == null ? ByteBuffer.allocateDirect(CHUNK).order(ByteOrder.LITTLE_ENDIAN) : buffer;
    }

    /**
     * Completes and closes the files. Whoever keeps the bundle forces it to disk: a store does, before it gives the bundle its name.
     */
    @Override
    public void close() throws IOException {
        try {
            for (StagedModel model : staged) {
                complete(model);
            }
        } finally {
            closeFiles();
        }
    }

    private void complete(StagedModel model) throws IOException {
        if (copies.containsKey(model.from())) {
            try (FileChannel out =
                    FileChannel.open(model.to(), StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
                files.use(model.side(), side -> VarintSplice.write(model.from(), side, model.places(), out));
            }
        }
    }

    private void closeFiles() throws IOException {
        try {
            files.close();
        } finally {
            for (StagedModel model : staged) {
                Files.deleteIfExists(model.side());
            }
            staged.clear();
        }
    }
}
