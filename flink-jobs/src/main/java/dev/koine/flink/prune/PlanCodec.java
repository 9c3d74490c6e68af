package dev.koine.flink.prune;

import dev.koine.engine.merge.PruneItem;
import dev.koine.engine.merge.PruneTask;
import dev.koine.engine.merge.Recipe;
import dev.koine.engine.onnx.ElementType;
import dev.koine.engine.onnx.TensorInfo;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import dev.koine.flink.state.PruneItemMessage;
import dev.koine.flink.state.StoredPlan;
import dev.koine.flink.state.StoredTask;
import dev.koine.flink.state.TensorPlace;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Prune tasks in the engine and in the store. */
final class PlanCodec {
    private static final Pattern IN_STORE = Pattern.compile(".*/bundles/(?<digest>[0-9a-f]{64})/(?<file>.+)");

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

    /**
     * The tasks of a plan.
     *
     * @param store has the base, wherever it was when the plan was made
     * @throws IOException if the store has lost the base
     */
    static List<PruneTask> tasks(StoredPlan plan, ArtifactStore store) throws IOException {
        List<PruneTask> tasks = new ArrayList<>();
        for (StoredTask task : plan.getTasks()) {
            List<PruneItem> items = new ArrayList<>();
            for (PruneItemMessage item : task.getItems()) {
                items.add(item(item, store));
            }
            tasks.add(new PruneTask(tasks.size(), items));
        }
        return tasks;
    }

    static Recipe recipe(StoredPlan plan) {
        return new Recipe(plan.getRank(), plan.getDensity(), 1, Precision.valueOf(plan.getPrecision()), List.of());
    }

    private static PruneItem item(PruneItemMessage message, ArtifactStore store) throws IOException {
        return new PruneItem(
                message.getWeights(),
                Policy.valueOf(message.getPolicy()),
                tensor(message.getBase(), inStore(message.getBase().getFile(), store)),
                tensor(
                        message.getExpert(),
                        Path.of(URI.create(message.getExpert().getFile()))),
                message.getFrom(),
                message.getCount());
    }

    private static Path inStore(String uri, ArtifactStore store) throws IOException {
        URI place = URI.create(uri);
        Matcher address = IN_STORE.matcher(place.getPath());
        return address.matches()
                ? store.bundle("sha256:" + address.group("digest")).resolve(address.group("file"))
                : Path.of(place);
    }

    private static TensorInfo tensor(TensorPlace place, Path file) {
        return new TensorInfo(
                place.getName(),
                ElementType.valueOf(place.getType()),
                place.getShape(),
                file,
                place.getOffset(),
                place.getLength());
    }
}
