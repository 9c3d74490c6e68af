package dev.koine.sim.check;

import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.schemas.Rejection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;

/** What readers of updates and rejections have seen. */
public final class Outcomes {
    private final Map<String, List<SpecificRecord>> byPosition = new TreeMap<>();
    private final Map<String, List<ModelUpdate>> updates = new TreeMap<>();

    /** Notes what has become visible. */
    public void add(SpecificRecord outcome) {
        byPosition
                .computeIfAbsent(key(position(outcome)), key -> new ArrayList<>())
                .add(outcome);
        if (outcome instanceof ModelUpdate update) {
            updates.computeIfAbsent(update.getModelId(), id -> new ArrayList<>())
                    .add(update);
        }
    }

    /** Where the event stands that an outcome is of. */
    public static Position position(SpecificRecord outcome) {
        return outcome instanceof ModelUpdate update
                ? update.getCause().getPosition()
                : ((Rejection) outcome).getPosition();
    }

    static String key(Position position) {
        return position.getTopic() + "/" + position.getPartition() + "/" + position.getOffset();
    }

    /** All outcomes of an event. */
    List<SpecificRecord> of(String position) {
        return byPosition.getOrDefault(position, List.of());
    }

    /** The positions that have outcomes. */
    List<String> positions() {
        return List.copyOf(byPosition.keySet());
    }

    /** The updates of a model in the order in which they became visible. */
    public List<ModelUpdate> updates(String modelId) {
        return updates.getOrDefault(modelId, List.of());
    }

    /** The newest visible version of each model. */
    public List<ModelUpdate> newest() {
        return updates.values().stream().map(all -> all.get(all.size() - 1)).toList();
    }

    /** The models that have versions. */
    List<String> modelIds() {
        return List.copyOf(updates.keySet());
    }

    /** How many there are. */
    public int size() {
        return byPosition.values().stream().mapToInt(List::size).sum();
    }

    /** The code that an event was refused with; empty where it was not. */
    static Optional<String> code(SpecificRecord outcome) {
        return outcome instanceof Rejection rejection ? Optional.of(rejection.getCode()) : Optional.empty();
    }
}
