package dev.koine.engine.checkpoint;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.WorkPool;
import dev.koine.engine.checkpoint.WeightMap.MappedPart;
import dev.koine.engine.checkpoint.WeightMap.MappedTensor;
import dev.koine.engine.checkpoint.WeightMap.MappedWeight;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Finds the tensors of a checkpoint in the graph that was exported from it, by their values: as they are or transposed, after the exporter's
 * cast; and what it folded, where values prove it ({@link Folding}).
 *
 * <p>Tensors with equal values, such as biases that are all zero, are told apart by the names that exporters keep, if these pair every tensor
 * of the group and every weight of it; else they stay together.
 */
public final class WeightMapper {
    private final ModelBundle base;
    private final Map<String, TensorInfo> tensors = new TreeMap<>();
    private final Checkpoint checkpoint;
    private final WorkPool pool;

    private WeightMapper(ModelBundle base, Checkpoint checkpoint, WorkPool pool) {
        this.base = base;
        this.checkpoint = checkpoint;
        this.pool = pool;
        checkpoint.tensors().forEach((name, tensor) -> {
            if (tensor.type().isMergeable() && tensor.numel() > 0) {
                tensors.put(name, tensor);
            }
        });
    }

    /**
     * Maps an export to the checkpoint that it was made from.
     *
     * @throws RejectedException CHECKPOINT_MISMATCH if less than half of the checkpoint, or no matrix of it, is found in the graph: it was
     *     exported from another one
     */
    public static WeightMap map(ModelBundle base, Checkpoint checkpoint, WorkPool pool)
            throws RejectedException, IOException {
        return new WeightMapper(base, checkpoint, pool).map();
    }

    private WeightMap map() throws RejectedException, IOException {
        Map<Weight, List<Found>> found = found();
        Map<String, MappedPart> byWeight = new HashMap<>();
        for (List<Weight> group : groups(found)) {
            byWeight.putAll(decided(group, found));
        }
        Set<String> used = new HashSet<>();
        byWeight.values().forEach(part -> used.addAll(part.names()));
        Folding folding = new Folding(tensors.values().stream()
                .filter(tensor -> !used.contains(tensor.name()))
                .toList());
        List<MappedWeight> mapped = new ArrayList<>();
        for (Weight weight : base.weights()) {
            @Nullable MappedPart part = byWeight.get(weight.key());
            @Nullable
            MappedWeight entry = part == null ? folding.find(weight) : new MappedWeight(weight.key(), 0, List.of(part));
            if (entry != null) {
                mapped.add(entry);
                entry.parts().forEach(each -> used.addAll(each.names()));
            }
        }
        requireMostly(used);
        Set<String> unmapped = new TreeSet<>(checkpoint.tensors().keySet());
        unmapped.removeAll(used);
        return WeightMap.of(mapped, List.copyOf(unmapped));
    }

    /** A tensor with a weight's values. */
    private record Found(TensorInfo tensor, boolean isTransposed) {}

    private record HashKey(String tensor, ElementType type) {}

    /** The tensors that have the values of each weight that any has. */
    private Map<Weight, List<Found>> found() throws RejectedException, IOException {
        Map<Long, List<TensorInfo>> bySize =
                tensors.values().stream().collect(Collectors.groupingBy(TensorInfo::numel));
        List<Weight> candidates = base.weights().stream()
                .filter(weight -> bySize.containsKey(weight.tensor().numel()))
                .toList();
        Set<HashKey> needed = new LinkedHashSet<>();
        for (Weight weight : candidates) {
            for (TensorInfo tensor : sized(bySize, weight)) {
                needed.add(new HashKey(tensor.name(), weight.tensor().type()));
            }
        }
        Map<HashKey, Long> hashes = hashes(needed);
        List<WorkPool.Part<List<Found>>> parts = new ArrayList<>();
        for (Weight weight : candidates) {
            parts.add(() -> found(weight, sized(bySize, weight), hashes));
        }
        List<List<Found>> all = pool.runAll(parts);
        Map<Weight, List<Found>> found = new LinkedHashMap<>();
        for (int i = 0; i < candidates.size(); i++) {
            if (!all.get(i).isEmpty()) {
                found.put(candidates.get(i), all.get(i));
            }
        }
        return found;
    }

    private static List<TensorInfo> sized(Map<Long, List<TensorInfo>> bySize, Weight weight) {
        return bySize.getOrDefault(weight.tensor().numel(), List.of());
    }

    private Map<HashKey, Long> hashes(Collection<HashKey> needed) throws RejectedException, IOException {
        List<HashKey> keys = List.copyOf(needed);
        List<WorkPool.Part<Long>> parts = new ArrayList<>();
        for (HashKey key : keys) {
            parts.add(() -> ValueHash.of(tensor(key.tensor()), key.type()));
        }
        List<Long> computed = pool.runAll(parts);
        Map<HashKey, Long> hashes = new HashMap<>();
        for (int i = 0; i < keys.size(); i++) {
            hashes.put(keys.get(i), computed.get(i));
        }
        return hashes;
    }

    private TensorInfo tensor(String name) {
        TensorInfo tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalStateException("no tensor " + name);
        }
        return tensor;
    }

    private static List<Found> found(Weight weight, List<TensorInfo> sized, Map<HashKey, Long> hashes)
            throws IOException {
        TensorInfo ours = weight.tensor();
        long hash = ValueHash.of(ours, ours.type());
        List<Found> found = new ArrayList<>();
        for (TensorInfo tensor : sized) {
            if (Long.valueOf(hash).equals(hashes.get(new HashKey(tensor.name(), ours.type())))) {
                if (ValueMatch.areEqual(ours, tensor)) {
                    found.add(new Found(tensor, false));
                } else if (isTransposed(ours, tensor) && ValueMatch.areEqual(ours, tensor.transposed())) {
                    found.add(new Found(tensor, true));
                }
            }
        }
        return found;
    }

    private static boolean isTransposed(TensorInfo ours, TensorInfo theirs) {
        return ours.shape().size() == 2
                && theirs.shape().size() == 2
                && ours.shape().get(0).equals(theirs.shape().get(1))
                && ours.shape().get(1).equals(theirs.shape().get(0));
    }

    /** Weights with the same tensors, in whatever orientation. */
    private static Collection<List<Weight>> groups(Map<Weight, List<Found>> found) {
        return found.keySet().stream()
                .collect(Collectors.groupingBy(
                        weight -> names(found(found, weight)), LinkedHashMap::new, Collectors.toList()))
                .values();
    }

    private static List<String> names(List<Found> found) {
        return found.stream().map(each -> each.tensor().name()).toList();
    }

    private Map<String, MappedPart> decided(List<Weight> group, Map<Weight, List<Found>> found) {
        List<String> names = names(found(found, group.get(0)));
        Map<Weight, String> claims = new LinkedHashMap<>();
        if (names.size() > 1) {
            for (Weight weight : group) {
                KeptNames.theOneOf(names, weight).ifPresent(name -> claims.put(weight, name));
            }
        }
        boolean areAllTold = claims.size() == group.size() && new HashSet<>(claims.values()).size() == names.size();
        Map<String, MappedPart> decided = new HashMap<>();
        for (Weight weight : group) {
            List<MappedTensor> own = found(found, weight).stream()
                    .filter(each -> !areAllTold || each.tensor().name().equals(claims.get(weight)))
                    .map(each -> new MappedTensor(each.tensor().name(), each.isTransposed()))
                    .toList();
            decided.put(weight.key(), new MappedPart(own, 1));
        }
        return decided;
    }

    private static List<Found> found(Map<Weight, List<Found>> found, Weight weight) {
        return found.getOrDefault(weight, List.of());
    }

    private void requireMostly(Set<String> used) throws RejectedException {
        long mapped = 0;
        long all = 0;
        boolean hasMatrix =
                tensors.values().stream().noneMatch(tensor -> tensor.shape().size() > 1);
        for (TensorInfo tensor : tensors.values()) {
            all += tensor.numel();
            if (used.contains(tensor.name())) {
                mapped += tensor.numel();
                hasMatrix |= tensor.shape().size() > 1;
            }
        }
        if (!hasMatrix || mapped * 2 < all) {
            String missing = tensors.keySet().stream()
                    .filter(name -> !used.contains(name))
                    .findFirst()
                    .orElse("");
            throw new RejectedException(
                    RejectionCode.CHECKPOINT_MISMATCH,
                    "Of the checkpoint's " + tensors.size() + " float tensors " + used.size()
                            + " stand in the graph with the same values; '" + Quote.of(missing)
                            + "' does not. The graph was exported from another checkpoint, or after it was changed: export it"
                            + " again from this one.");
        }
    }
}
