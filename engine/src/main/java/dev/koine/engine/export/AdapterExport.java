package dev.koine.engine.export;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.WorkPool;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.checkpoint.WeightMap.MappedWeight;
import dev.koine.engine.export.LeftOut.Reason;
import dev.koine.engine.linalg.Decomposition;
import dev.koine.engine.linalg.LowRank;
import dev.koine.engine.merge.TaskVector;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.Weight;
import dev.koine.engine.tensor.WeightRole;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Writes what is of low rank in an expert, or in all that a version adds to its base, as a LoRA adapter of PEFT ({@code LoraConfig}; Hu et al.,
 * arXiv 2106.09685): for linear layers alone, float32, {@code lora_alpha} as large as the rank, so that the delta is {@code B A} itself. On the
 * heap is a matrix for each thread, and the adapter.
 */
public final class AdapterExport {
    private static final String WEIGHT = ".weight";

    private final MappedBase base;
    private final @Nullable String baseName;
    private final WorkPool pool;
    private final Progress progress;

    /**
     * Writes adapters of a base.
     *
     * @param baseName what {@code adapter_config.json} calls it; null to leave it out
     * @param pool the threads to use
     */
    public AdapterExport(MappedBase base, @Nullable String baseName, WorkPool pool, Progress progress) {
        this.base = base;
        this.baseName = baseName;
        this.pool = pool;
        this.progress = progress;
    }

    /**
     * What was written.
     *
     * @param rank the largest of a layer
     * @param layers linear layers that it changes
     * @param leftOutShare of the squared Frobenius norm of all deltas, what the adapter does not hold
     * @param leftOut the same, by reason
     */
    public record Written(int rank, int layers, double leftOutShare, List<Part> leftOut) {
        public Written {
            leftOut = List.copyOf(leftOut);
        }
    }

    /**
     * What the adapter does not hold for one reason.
     *
     * @param share of the squared norm of all deltas
     */
    public record Part(String reason, List<String> tensors, double share) {
        public Part {
            tensors = List.copyOf(tensors);
        }
    }

    /**
     * Writes the low-rank part of an expert's task vector, or of a combination.
     *
     * @param digest of the {@link TaskVector} in the store
     * @param target an empty folder
     * @throws RejectedException as {@link #write(List, Path)}
     */
    public Written write(ArtifactStore store, String digest, Path target) throws RejectedException, IOException {
        TaskVector vector = TaskVector.get(store, digest);
        List<TaskVectorDeltas.Piece> pieces = new ArrayList<>();
        for (int i = 0; i < vector.pieces().size(); i++) {
            double factor = vector.isCombined() ? vector.factors().get(i) : 1;
            pieces.add(new TaskVectorDeltas.Piece(store.get(vector.pieces().get(i)), factor));
        }
        return write(requireOfBase(new TaskVectorDeltas(pieces)), target);
    }

    /**
     * Writes the low-rank part of an expert's task vector, whole and unscaled.
     *
     * @param pieces its files
     * @param target an empty folder
     * @throws RejectedException NOT_SAFETENSORS if a file is no task vector; TENSOR_MISMATCH if it is one of another base;
     *     UNSUPPORTED_ADAPTER if there is nothing that an adapter could hold
     */
    public Written write(List<Path> pieces, Path target) throws RejectedException, IOException {
        return write(
                requireOfBase(new TaskVectorDeltas(pieces.stream()
                        .map(piece -> new TaskVectorDeltas.Piece(piece, 1))
                        .toList())),
                target);
    }

    /**
     * Writes the best approximation of what a version adds to its base.
     *
     * @param rank of each layer, at most
     * @param target an empty folder
     * @throws RejectedException GRAPH_MISMATCH if it is no version of the base; UNSUPPORTED_ADAPTER if there is nothing that an adapter could
     *     hold
     */
    public Written write(ModelBundle version, int rank, Decomposition decomposition, Path target)
            throws RejectedException, IOException {
        return write(new VersionDeltas(VersionOfBase.tensors(base.model(), version), rank, decomposition), target);
    }

    private TaskVectorDeltas requireOfBase(TaskVectorDeltas deltas) throws RejectedException {
        Set<String> keys = new HashSet<>(deltas.keys());
        base.model().weights().forEach(weight -> keys.remove(weight.key()));
        if (!keys.isEmpty()) {
            throw new RejectedException(
                    RejectionCode.TENSOR_MISMATCH,
                    "The task vector is about a weight '"
                            + Quote.of(keys.iterator().next())
                            + "', which this base does not have. Name the base that its expert was merged into.");
        }
        return deltas;
    }

    /**
     * What becomes of a tensor's delta.
     *
     * @param whole its squared norm
     * @param rest that of what the adapter does not hold
     * @param layer what it holds; null for nothing
     */
    private record Share(
            String name,
            Reason reason,
            double whole,
            double rest,
            @Nullable AdapterLayer layer) {}

    private Written write(DeltaSource deltas, Path target) throws RejectedException, IOException {
        Map<String, MappedWeight> mapped = base.map().byKey();
        Map<String, List<Weight>> byName = new LinkedHashMap<>();
        for (Weight weight : base.model().weights()) {
            @Nullable MappedWeight entry = mapped.get(weight.key());
            String name =
                    entry == null ? weight.key() : entry.parts().get(0).names().get(0);
            byName.computeIfAbsent(name, absent -> new ArrayList<>()).add(weight);
        }
        AtomicLong done = new AtomicLong();
        List<WorkPool.Part<Optional<Share>>> parts = new ArrayList<>();
        byName.forEach((name, weights) -> parts.add(() -> {
            Optional<Share> share = Optional.empty();
            for (Weight weight : weights) {
                if (share.isEmpty() && deltas.has(weight)) {
                    share = Optional.of(share(name, weight, mapped.get(weight.key()), deltas));
                }
            }
            progress.report("adapting", done.incrementAndGet(), byName.size());
            return share;
        }));
        LeftOut leftOut = new LeftOut();
        Map<String, AdapterLayer> layers = new TreeMap<>();
        for (Share share : pool.runAll(parts).stream().flatMap(Optional::stream).toList()) {
            leftOut.add(share.name(), share.reason(), share.whole(), share.rest());
            if (share.layer() != null) {
                layers.put(module(share.name()), share.layer());
            }
        }
        if (layers.isEmpty()) {
            throw new RejectedException(
                    RejectionCode.UNSUPPORTED_ADAPTER,
                    "There is nothing of low rank in the linear layers, which is all that an adapter holds: the recipe keeps matrices whole, or"
                            + " the expert changes none. Export the version as hf, or as peft with --merged and a --rank.");
        }
        AdapterLayer.write(layers, baseName, target);
        int rank = layers.values().stream().mapToInt(AdapterLayer::rank).max().orElse(0);
        return new Written(rank, layers.size(), leftOut.share(), leftOut.parts());
    }

    private Share share(String name, Weight weight, @Nullable MappedWeight entry, DeltaSource deltas)
            throws RejectedException, IOException {
        if (isLinear(name, weight, entry)) {
            requireRowsOfOutputs(name);
            LowRank product = deltas.lowRank(weight);
            if (product.rank() > 0) {
                Norms norms = Norms.of(weight, deltas, product);
                boolean isTransposed =
                        entry != null && entry.parts().get(0).tensors().get(0).isTransposed();
                return new Share(
                        name, Reason.REST, norms.whole(), norms.rest(), AdapterLayer.of(product, isTransposed));
            }
        }
        double whole = Norms.whole(weight, deltas);
        return new Share(name, reason(name, weight, entry), whole, whole, null);
    }

    private static String module(String name) {
        return name.substring(0, name.length() - WEIGHT.length());
    }

    private Reason reason(String name, Weight weight, @Nullable MappedWeight entry) {
        if (entry == null
                || !entry.isOneTensor()
                || entry.parts().get(0).tensors().size() > 1) {
            return weight.tensor().shape().size() < 2 ? Reason.VECTORS : Reason.UNNAMED;
        }
        if (isLinear(name, weight, entry)) {
            return Reason.REST;
        }
        return weight.tensor().shape().size() < 2 ? Reason.VECTORS : Reason.NOT_LINEAR;
    }

    private boolean isLinear(String name, Weight weight, @Nullable MappedWeight entry) {
        @Nullable TensorInfo tensor = base.checkpoint().tensors().get(name);
        return entry != null
                && entry.isOneTensor()
                && entry.parts().get(0).tensors().size() == 1
                && tensor != null
                && tensor.shape().size() == 2
                && name.endsWith(WEIGHT)
                && weight.role() == WeightRole.LINEAR;
    }

    /** Of a layer that keeps its weight the other way around, as {@code Conv1D} of transformers does, a bias tells. */
    private void requireRowsOfOutputs(String name) throws RejectedException {
        @Nullable TensorInfo bias = base.checkpoint().tensors().get(module(name) + ".bias");
        @Nullable TensorInfo weight = base.checkpoint().tensors().get(name);
        if (bias != null
                && weight != null
                && bias.numel() != weight.shape().get(0)
                && bias.numel() == weight.shape().get(1)) {
            throw new RejectedException(
                    RejectionCode.UNSUPPORTED_ADAPTER,
                    "The checkpoint keeps '" + Quote.of(name)
                            + "' with a column for each output, as Conv1D of transformers has it, and adapters are written here for linear"
                            + " layers alone. Export the version as hf.");
        }
    }
}
