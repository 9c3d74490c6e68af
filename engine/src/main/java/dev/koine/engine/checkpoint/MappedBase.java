package dev.koine.engine.checkpoint;

import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.checkpoint.WeightMap.MappedWeight;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.AlignedWeight;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.onnx.graph.StoredTensor;
import dev.koine.engine.onnx.wiring.Wiring.Value;
import dev.koine.engine.tensor.Counterpart;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.TensorInfo.Storage;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A base with the checkpoint that it was exported from, and the map between them.
 *
 * @param model the export
 * @param files of the checkpoint's folder, relative with forward slashes
 */
public record MappedBase(ModelBundle model, Checkpoint checkpoint, List<String> files, WeightMap map) {
    public MappedBase {
        files = List.copyOf(files);
    }

    /**
     * Maps a base to its checkpoint.
     *
     * @param folder with the checkpoint; without {@link dev.koine.engine.file.Strays}
     * @throws RejectedException NOT_SAFETENSORS or MISSING_FILE if it holds none that can be read; CHECKPOINT_MISMATCH if the base was exported
     *     from another one
     */
    public static MappedBase map(ModelBundle model, ExpertFolder folder, WorkPool pool)
            throws RejectedException, IOException {
        Checkpoint checkpoint = checkpoint(folder);
        return new MappedBase(model, checkpoint, folder.files(), WeightMapper.map(model, checkpoint, pool));
    }

    /** A base whose map was found before. */
    public static MappedBase of(ModelBundle model, ExpertFolder folder, WeightMap map)
            throws RejectedException, IOException {
        return new MappedBase(model, checkpoint(folder), folder.files(), map);
    }

    private static Checkpoint checkpoint(ExpertFolder folder) throws RejectedException, IOException {
        if (!Checkpoint.isIn(folder.files())) {
            throw Pickles.refusal(folder.files(), "pytorch_model.bin", Checkpoint.FILE);
        }
        return Checkpoint.open(folder.directory(), folder.files());
    }

    /** What an expert has in place of a weight that the map knows. */
    @FunctionalInterface
    interface Source<E extends Exception> {
        Counterpart of(Weight weight, MappedWeight mapped) throws E;
    }

    /**
     * Lays an expert over the base. Weights of one type that get the same have equal values in the base, and stand together; what no
     * tensor of the checkpoint gives stays as it is.
     */
    <E extends Exception> Alignment align(Source<E> source) throws E {
        Map<String, MappedWeight> byKey = map.byKey();
        Map<Place, List<Weight>> groups = new LinkedHashMap<>();
        for (Map.Entry<Value, Weight> entry : model.weightsByValue().entrySet()) {
            Weight weight = entry.getValue();
            StoredTensor stored = Objects.requireNonNull(entry.getKey().tensor());
            @Nullable MappedWeight mapped = byKey.get(weight.key());
            Counterpart theirs = mapped == null ? new Counterpart.Same() : source.of(weight, mapped);
            boolean isAlone = theirs instanceof Counterpart.Same;
            Place place = new Place(stored.info().type(), theirs, isAlone ? weight.key() : "");
            groups.computeIfAbsent(place, key -> new ArrayList<>()).add(weight);
        }
        List<AlignedWeight> aligned = new ArrayList<>();
        groups.forEach((place, weights) ->
                aligned.add(new AlignedWeight(weights, place.theirs(), earlier(place, weights, groups))));
        return new Alignment(aligned);
    }

    /** The weights that came before these with the same matrix, transposed. */
    private static List<Weight> earlier(Place place, List<Weight> weights, Map<Place, List<Weight>> groups) {
        if (!(place.theirs() instanceof TensorInfo tensor)
                || tensor.shape().size() != 2
                || tensor.storage() == Storage.VARINTS) {
            return List.of();
        }
        Place turned = new Place(place.type(), tensor.transposed(), "");
        for (Map.Entry<Place, List<Weight>> group : groups.entrySet()) {
            if (group.getValue() == weights) {
                return List.of();
            }
            if (group.getKey().equals(turned)) {
                return group.getValue();
            }
        }
        return List.of();
    }

    private record Place(ElementType type, Counterpart theirs, String alone) {}
}
