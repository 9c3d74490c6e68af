package dev.koine.engine.merge;

import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.merge.total.Range;
import dev.koine.engine.onnx.BundleWriter;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A bundle that is being written piece by piece: its files are {@link GrowingFile}s. */
final class GrowingBundle implements AutoCloseable {
    private final ModelBundle base;
    private final Path target;
    private final BundleWriter writer;
    private final Map<Path, GrowingFile> files = new HashMap<>();
    private final List<Piece> pieces = new ArrayList<>();
    private final WorkPool forcing = new WorkPool(1);

    /**
     * Some elements that are to be written.
     *
     * @param place where they begin, as a share of their file
     * @param file where they are, empty if it is put together at the end
     * @param part their number in the file
     */
    record Piece(Range range, double place, Optional<GrowingFile> file, int part) {}

    private record Placed(Range range, long start) {}

    private GrowingBundle(ModelBundle base, Path target, BundleWriter writer) {
        this.base = base;
        this.target = target;
        this.writer = writer;
    }

    /**
     * Copies everything of {@code base} but the replaced weights.
     *
     * @param target an empty directory
     * @param replaced indexes of weights, all of whose pieces will be written
     */
    static GrowingBundle create(ModelBundle base, Path target, Collection<Integer> replaced) throws IOException {
        List<Weight> weights = base.weights();
        GrowingBundle bundle = new GrowingBundle(
                base,
                target.toRealPath(),
                BundleWriter.create(
                        base, target, replaced.stream().map(weights::get).toList()));
        try {
            bundle.plan(replaced);
            return bundle;
        } catch (IOException | RuntimeException e) {
            bundle.close();
            throw e;
        }
    }

    private void plan(Collection<Integer> replaced) throws IOException {
        Map<Path, List<Placed>> byFile = new TreeMap<>();
        for (int index : replaced) {
            Weight weight = base.weights().get(index);
            Optional<BundleWriter.Place> place = writer.place(weight);
            for (Range range : Range.parts(index, weight.tensor().numel())) {
                if (place.isPresent()) {
                    long start = place.get().offset()
                            + range.from() * weight.tensor().type().bytes();
                    byFile.computeIfAbsent(place.get().file(), file -> new ArrayList<>())
                            .add(new Placed(range, start));
                } else {
                    pieces.add(new Piece(range, 0, Optional.empty(), 0));
                }
            }
        }
        for (Map.Entry<Path, List<Placed>> entry : byFile.entrySet()) {
            List<Placed> inOrder = entry.getValue();
            inOrder.sort(Comparator.comparingLong(Placed::start));
            GrowingFile file = new GrowingFile(
                    entry.getKey(), inOrder.stream().mapToLong(Placed::start).toArray(), forcing.executor());
            files.put(entry.getKey(), file);
            for (int i = 0; i < inOrder.size(); i++) {
                Placed placed = inOrder.get(i);
                pieces.add(new Piece(placed.range(), placed.start() / (double) file.size(), Optional.of(file), i));
            }
        }
        pieces.sort(Comparator.comparingDouble(Piece::place));
    }

    BundleWriter writer() {
        return writer;
    }

    /** In the order in which files are best written: each from its beginning on, all of them side by side. */
    List<Piece> pieces() {
        return pieces;
    }

    /** Notes that a piece is written. */
    void completed(Piece piece) throws IOException {
        if (piece.file().isPresent()) {
            piece.file().get().completed(piece.part());
        }
    }

    /** Forces all files to the disk, when every piece is written; returns them as the base has them. */
    List<BundleFile> finish(WorkPool pool) throws RejectedException, IOException {
        writer.close();
        List<WorkPool.Part<BundleFile>> parts = new ArrayList<>();
        for (String name : base.files()) {
            Path path = target.resolve(name);
            if (!files.containsKey(path)) {
                files.put(path, new GrowingFile(path, new long[0], forcing.executor()));
            }
            GrowingFile file = files.get(path);
            parts.add(() -> new BundleFile(name, file.size(), file.finish()));
        }
        return pool.runAll(parts);
    }

    @Override
    public void close() throws IOException {
        forcing.close();
        writer.close();
    }
}
