package dev.koine.lifecycle.plan;

import dev.koine.engine.linalg.Decomposition;
import dev.koine.engine.merge.prune.PruneObserver;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.prune.TensorPruner;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.flink.state.StoredPlan;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.UndecodableException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/**
 * The plans of experts in the store, so that a prune task travels, and waits in a checkpoint, as a digest and a number: what it takes
 * to find its tensors is some hundred bytes each. For use by one thread.
 */
public final class PlanStore {
    private static final EventCodec<StoredPlan> PLANS = EventCodec.of(StoredPlan.class, olderSchemas());
    private static final int KEPT = 3;

    private final ArtifactStore store;
    private final Decomposition decomposition;
    private final PruneObserver observer;
    private final Deque<Plan> recent = new ArrayDeque<>();

    /**
     * @param decomposition finds the low-rank parts of what is pruned
     * @param observer hears what pruning takes
     */
    PlanStore(ArtifactStore store, Decomposition decomposition, PruneObserver observer) {
        this.store = store;
        this.decomposition = decomposition;
        this.observer = observer;
    }

    /**
     * What has to be pruned of one expert, and how.
     *
     * @param digest of its stored form
     * @param outside files of the expert that do not lie in the store
     */
    record Plan(String digest, List<PruneTask> tasks, Set<Path> outside, Recipe recipe, TensorPruner pruner) {}

    /**
     * Keeps a plan; the tasks stand in the order of their indexes.
     *
     * @param places the bundles in the store that the tasks' files belong to, or will
     * @return its digest
     */
    public static String put(ArtifactStore store, List<PruneTask> tasks, Recipe recipe, BundlePlaces places)
            throws IOException {
        byte[] stored = PLANS.encode(PlanCodec.toStored(tasks, recipe, places));
        return store.put(file -> Files.write(file, stored));
    }

    /** Reads a plan; those used last are at hand. */
    Plan get(String digest) throws IOException {
        @Nullable
        Plan found = recent.stream()
                .filter(plan -> plan.digest().equals(digest))
                .findFirst()
                .orElse(null);
        if (found == null) {
            found = read(digest);
            recent.addFirst(found);
            if (recent.size() > KEPT) {
                recent.removeLast();
            }
        }
        return found;
    }

    /** Those that earlier releases wrote plans with. */
    public static List<Schema> olderSchemas() {
        return Stream.of("StoredPlan.v1.avsc", "StoredPlan.v2.avsc")
                .map(PlanStore::schema)
                .toList();
    }

    private static Schema schema(String name) {
        try (InputStream file = Objects.requireNonNull(PlanStore.class.getResourceAsStream(name))) {
            return new Schema.Parser().parse(file);
        } catch (IOException e) {
            throw new UncheckedIOException("A schema in this jar cannot be read.", e);
        }
    }

    private Plan read(String digest) throws IOException {
        try {
            StoredPlan plan = PLANS.decode(Files.readAllBytes(store.get(digest)));
            Recipe recipe = PlanCodec.recipe(plan);
            return new Plan(digest, PlanCodec.tasks(plan, store), PlanCodec.outside(plan), recipe, pruner(recipe));
        } catch (UndecodableException e) {
            throw new IOException("The store's copy of the plan " + digest + " is damaged.", e);
        }
    }

    /** One that is at hand, with its arrays, where the recipe is the same. */
    private TensorPruner pruner(Recipe recipe) {
        return recent.stream()
                .filter(plan -> plan.recipe().equals(recipe))
                .findFirst()
                .map(Plan::pruner)
                .orElseGet(() -> new TensorPruner(recipe, decomposition, observer));
    }
}
