package dev.koine.flink.prune;

import dev.koine.engine.merge.PruneItem;
import dev.koine.engine.merge.PruneTask;
import dev.koine.engine.merge.Recipe;
import dev.koine.engine.onnx.ElementType;
import dev.koine.engine.onnx.TensorInfo;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import dev.koine.flink.state.PruneItemMessage;
import dev.koine.flink.state.PruneTaskMessage;
import dev.koine.flink.state.TensorPlace;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;

/** Prune tasks on their way between TaskManagers. */
public final class PruneMessages {
    private PruneMessages() {}

    /** @param sequence the expert's number among the events of its model */
    public static PruneTaskMessage toMessage(String modelId, long sequence, PruneTask task, Recipe recipe) {
        return PruneTaskMessage.newBuilder()
                .setModelId(modelId)
                .setSequence(sequence)
                .setIndex(task.index())
                .setRank(recipe.rank())
                .setDensity(recipe.density())
                .setPrecision(recipe.precision().name())
                .setItems(task.items().stream().map(PruneMessages::toMessage).toList())
                .build();
    }

    private static PruneItemMessage toMessage(PruneItem item) {
        return new PruneItemMessage(
                item.weights(),
                item.policy().name(),
                toMessage(item.base()),
                toMessage(item.expert()),
                item.from(),
                item.count());
    }

    private static TensorPlace toMessage(TensorInfo tensor) {
        return new TensorPlace(
                tensor.name(),
                tensor.type().name(),
                tensor.shape(),
                tensor.file().toUri().toString(),
                tensor.offset(),
                tensor.length());
    }

    static PruneTask task(PruneTaskMessage message) {
        return new PruneTask(
                message.getIndex(),
                message.getItems().stream().map(PruneMessages::item).toList());
    }

    static Recipe recipe(PruneTaskMessage message) {
        return new Recipe(
                message.getRank(), message.getDensity(), 1, Precision.valueOf(message.getPrecision()), List.of());
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
