package dev.koine.flink.prune;

import dev.koine.engine.merge.PruneItem;
import dev.koine.engine.merge.PruneTask;
import dev.koine.engine.merge.Recipe;
import dev.koine.engine.onnx.ElementType;
import dev.koine.engine.onnx.TensorInfo;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import dev.koine.flink.state.PruneItemMessage;
import dev.koine.flink.state.StoredPlan;
import dev.koine.flink.state.StoredTask;
import dev.koine.flink.state.TensorPlace;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Prune tasks in the engine and in the store. */
final class PlanCodec {
    private PlanCodec() {}

    static StoredPlan toStored(List<PruneTask> tasks, Recipe recipe) {
        return new StoredPlan(
                recipe.rank(),
                recipe.density(),
                recipe.precision().name(),
                tasks.stream()
                        .map(task -> new StoredTask(
                                task.items().stream().map(PlanCodec::toStored).toList()))
                        .toList());
    }

    private static PruneItemMessage toStored(PruneItem item) {
        return new PruneItemMessage(
                item.weights(),
                item.policy().name(),
                toStored(item.base()),
                toStored(item.expert()),
                item.from(),
                item.count());
    }

    private static TensorPlace toStored(TensorInfo tensor) {
        return new TensorPlace(
                tensor.name(),
                tensor.type().name(),
                tensor.shape(),
                tensor.file().toUri().toString(),
                tensor.offset(),
                tensor.length());
    }

    static List<PruneTask> tasks(StoredPlan plan) {
        List<PruneTask> tasks = new ArrayList<>();
        for (StoredTask task : plan.getTasks()) {
            tasks.add(new PruneTask(
                    tasks.size(), task.getItems().stream().map(PlanCodec::item).toList()));
        }
        return tasks;
    }

    static Recipe recipe(StoredPlan plan) {
        return new Recipe(plan.getRank(), plan.getDensity(), 1, Precision.valueOf(plan.getPrecision()), List.of());
    }

    private static PruneItem item(PruneItemMessage message) {
        return new PruneItem(
                message.getWeights(),
                Policy.valueOf(message.getPolicy()),
                tensor(message.getBase()),
                tensor(message.getExpert()),
                message.getFrom(),
                message.getCount());
    }

    private static TensorInfo tensor(TensorPlace place) {
        return new TensorInfo(
                place.getName(),
                ElementType.valueOf(place.getType()),
                place.getShape(),
                Path.of(URI.create(place.getFile())),
                place.getOffset(),
                place.getLength());
    }
}
