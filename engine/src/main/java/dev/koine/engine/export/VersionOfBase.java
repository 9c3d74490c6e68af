package dev.koine.engine.export;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.checkpoint.WeightMap.MappedPart;
import dev.koine.engine.checkpoint.WeightMap.MappedTensor;
import dev.koine.engine.checkpoint.WeightMap.MappedWeight;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.tensor.Run;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.TensorReader;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A merged model beside its base, weight by weight, and where the tensors of the base's checkpoint stand in them. */
final class VersionOfBase {
    private final MappedBase base;
    private final Map<String, TensorInfo> version;

    private VersionOfBase(MappedBase base, Map<String, TensorInfo> version) {
        this.base = base;
        this.version = version;
    }

    /**
     * A tensor of the checkpoint in a weight.
     *
     * @param factor that the exporter multiplied it with
     */
    record Place(Weight base, TensorInfo version, Standing standing, float factor) {}

    /**
     * Lays a version beside its base.
     *
     * @throws RejectedException GRAPH_MISMATCH if it has other weights; CHECKPOINT_MISMATCH if it changes one that no tensor of the checkpoint
     *     gives
     */
    static VersionOfBase of(MappedBase base, ModelBundle version) throws RejectedException, IOException {
        Map<String, TensorInfo> byKey = tensors(base.model(), version);
        Map<String, MappedWeight> mapped = base.map().byKey();
        for (Weight ours : base.model().weights()) {
            if (!mapped.containsKey(ours.key()) && !areEqual(ours.tensor(), tensor(byKey, ours))) {
                throw new RejectedException(
                        RejectionCode.CHECKPOINT_MISMATCH,
                        "The version changes the weight '" + Quote.of(ours.key()) + "' at " + Quote.of(ours.position())
                                + ", and no tensor of the checkpoint is that: a checkpoint cannot say it. Export it as onnx.");
            }
        }
        return new VersionOfBase(base, byKey);
    }

    /**
     * The tensors of a version by the keys of its base's weights.
     *
     * @throws RejectedException GRAPH_MISMATCH if it lacks one, or has one of another type or shape
     */
    static Map<String, TensorInfo> tensors(ModelBundle base, ModelBundle version) throws RejectedException {
        Map<String, TensorInfo> byKey = new HashMap<>();
        version.weights().forEach(weight -> byKey.put(weight.key(), weight.tensor()));
        for (Weight ours : base.weights()) {
            @Nullable TensorInfo theirs = byKey.get(ours.key());
            if (theirs == null
                    || theirs.type() != ours.tensor().type()
                    || !theirs.shape().equals(ours.tensor().shape())) {
                throw new RejectedException(
                        RejectionCode.GRAPH_MISMATCH,
                        "The folder " + version.directory() + " holds no version of this base: it has no weight '"
                                + Quote.of(ours.key()) + "' of type "
                                + ours.tensor().type() + " and shape "
                                + ours.tensor().shape() + ". Name the base that it was merged from.");
            }
        }
        return byKey;
    }

    private static TensorInfo tensor(Map<String, TensorInfo> byKey, Weight weight) {
        return Objects.requireNonNull(byKey.get(weight.key()), weight.key());
    }

    private static boolean areEqual(TensorInfo ours, TensorInfo theirs) throws IOException {
        float[] left = new float[(int) Math.min(Run.CHUNK, ours.numel())];
        float[] right = new float[left.length];
        try (TensorReader ourReader = TensorReader.open(ours);
                TensorReader theirReader = TensorReader.open(theirs)) {
            for (Run run : Run.chunks(ours.numel())) {
                ourReader.read(run.from(), left, 0, run.count());
                theirReader.read(run.from(), right, 0, run.count());
                for (int i = 0; i < run.count(); i++) {
                    if (Float.floatToRawIntBits(left[i]) != Float.floatToRawIntBits(right[i])) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    /** Where each tensor of the checkpoint stands, by its name; a tensor that stands nowhere is not among them. */
    Map<String, List<Place>> places() {
        Map<String, MappedWeight> mapped = base.map().byKey();
        Map<String, List<Place>> places = new HashMap<>();
        for (Weight weight : base.model().weights()) {
            @Nullable MappedWeight entry = mapped.get(weight.key());
            if (entry != null) {
                addPlaces(places, weight, tensor(version, weight), entry);
            }
        }
        return places;
    }

    private void addPlaces(Map<String, List<Place>> places, Weight weight, TensorInfo theirs, MappedWeight entry) {
        long from = 0;
        for (MappedPart part : entry.parts()) {
            long extent = 0;
            for (MappedTensor named : part.tensors()) {
                @Nullable TensorInfo tensor = base.checkpoint().tensors().get(named.name());
                if (tensor != null) {
                    Standing standing = new Standing(
                            weight.tensor().shape(), tensor.shape(), entry.axis(), from, named.isTransposed());
                    places.computeIfAbsent(named.name(), absent -> new ArrayList<>())
                            .add(new Place(weight, theirs, standing, part.factor()));
                    extent = extent(tensor, entry.axis(), named.isTransposed());
                }
            }
            from += extent;
        }
    }

    /** How much of the weight's axis a tensor takes. */
    private static long extent(TensorInfo tensor, int axis, boolean isTransposed) {
        int dimensions = tensor.shape().size();
        if (dimensions == 0) {
            return 1;
        }
        return tensor.shape().get(isTransposed ? 1 - axis : Math.min(axis, dimensions - 1));
    }
}
