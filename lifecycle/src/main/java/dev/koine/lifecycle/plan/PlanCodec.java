package dev.koine.lifecycle.plan;

import dev.koine.engine.merge.prune.PruneItem;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.TensorInfo.Storage;
import dev.koine.flink.state.PruneItemMessage;
import dev.koine.flink.state.StoredPlan;
import dev.koine.flink.state.StoredTask;
import dev.koine.flink.state.TensorPlace;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/** Prune tasks in the engine and in the store. */
final class PlanCodec {
    private static final String SEPARATOR = ":";

    private PlanCodec() {}

    static StoredPlan toStored(List<PruneTask> tasks, Recipe recipe, BundlePlaces places) {
        return new StoredPlan(
                recipe.parameters().rank(),
                recipe.parameters().density(),
                recipe.precision().name(),
                tasks.stream()
                        .map(task -> new StoredTask(task.items().stream()
                                .map(item -> toStored(item, places))
                                .toList()))
                        .toList(),
                recipe.parameters().seed());
    }

    private static PruneItemMessage toStored(PruneItem item, BundlePlaces places) {
        return PruneItemMessage.newBuilder()
                .setWeights(item.weights())
                .setPolicy(item.policy().name())
                .setBase(toStored(item.base(), places))
                .setExpert(toStored(CounterpartCodec.first(item.expert()), places))
                .setJoined(CounterpartCodec.joined(item.expert(), tensor -> toStored(tensor, places)))
                .setFactors(CounterpartCodec.factors(item.expert(), tensor -> toStored(tensor, places)))
                .setFrom(item.from())
                .setCount(item.count())
                .build();
    }

    private static TensorPlace toStored(TensorInfo tensor, BundlePlaces places) {
        return new TensorPlace(
                tensor.name(),
                type(tensor),
                tensor.shape(),
                places.name(tensor.file()).toString(),
                tensor.offset(),
                tensor.length());
    }

    /**
     * The tasks of a plan, with their files where this machine has them.
     *
     * @throws IOException if the store has lost a bundle that the plan names
     */
    static List<PruneTask> tasks(StoredPlan plan, ArtifactStore store) throws IOException {
        Map<String, Path> files = new HashMap<>();
        for (PruneItemMessage item : items(plan)) {
            for (TensorPlace place : CounterpartCodec.places(item)) {
                if (!files.containsKey(place.getFile())) {
                    files.put(place.getFile(), file(URI.create(place.getFile()), store));
                }
            }
        }
        List<PruneTask> tasks = new ArrayList<>();
        for (StoredTask task : plan.getTasks()) {
            tasks.add(new PruneTask(
                    tasks.size(),
                    task.getItems().stream().map(item -> item(item, files)).toList()));
        }
        return tasks;
    }

    /** The experts' files that do not lie in the store, as plans had them before experts were copied there. */
    static Set<Path> outside(StoredPlan plan) {
        return items(plan).stream()
                .map(item -> URI.create(item.getExpert().getFile()))
                .filter(name -> !BundlePlaces.isStored(name))
                .map(Path::of)
                .collect(Collectors.toSet());
    }

    private static List<PruneItemMessage> items(StoredPlan plan) {
        return plan.getTasks().stream()
                .flatMap(task -> task.getItems().stream())
                .toList();
    }

    private static Path file(URI name, ArtifactStore store) throws IOException {
        return BundlePlaces.isStored(name) ? BundlePlaces.find(name, store) : Path.of(name);
    }

    static Recipe recipe(StoredPlan plan) {
        return new Recipe(plan.getRank(), plan.getDensity(), 1, Precision.valueOf(plan.getPrecision()), List.of())
                .with(own -> own.withSeed(plan.getSeed()));
    }

    private static PruneItem item(PruneItemMessage message, Map<String, Path> files) {
        return new PruneItem(
                message.getWeights(),
                Policy.valueOf(message.getPolicy()),
                tensor(message.getBase(), files),
                CounterpartCodec.counterpart(message, place -> tensor(place, files)),
                message.getFrom(),
                message.getCount());
    }

    /** The element type, and behind it how the elements are stored where that is not as their bytes. */
    private static String type(TensorInfo tensor) {
        String type = tensor.type().name();
        return tensor.storage() == Storage.BYTES ? type : type + SEPARATOR + tensor.storage();
    }

    private static TensorInfo tensor(TensorPlace place, Map<String, Path> files) {
        String[] type = place.getType().split(SEPARATOR, 2);
        return new TensorInfo(
                place.getName(),
                ElementType.valueOf(type[0]),
                place.getShape(),
                Objects.requireNonNull(files.get(place.getFile())),
                place.getOffset(),
                place.getLength(),
                type.length == 1 ? Storage.BYTES : Storage.valueOf(type[1]));
    }
}
