package dev.koine.sim.script;

import dev.koine.engine.RejectedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * What producers send in one world: registrations and experts of two to four models, in their order within each partition.
 *
 * @param models partitions of the topic with registrations
 * @param experts partitions of the topic with expert events
 */
public record Script(List<List<Planned>> models, List<List<Planned>> experts) {
    /** Partitions of each topic. */
    public static final int PARTITIONS = 2;

    private static final int MOST_MODELS = 4;
    private static final int FEWEST_EVENTS = 3;
    private static final int MORE_EVENTS = 8;

    /**
     * Writes one.
     *
     * @param places an empty directory for bundles that do not stay
     * @param signed whether events are signed
     */
    public static Script write(Random random, Library library, Path places, boolean signed)
            throws IOException, RejectedException {
        List<List<Planned>> models = partitions();
        List<List<Planned>> experts = partitions();
        int count = 2 + random.nextInt(MOST_MODELS - 1);
        for (int i = 0; i < count; i++) {
            String id = "m" + i;
            EventWriter writer = new EventWriter(random, library, places, id, i % 2 == 0 ? "float" : "half", signed);
            models.get(i % PARTITIONS).addAll(writer.registrations());
            List<Planned> events = experts.get((i + 1) % PARTITIONS);
            int number = FEWEST_EVENTS + random.nextInt(MORE_EVENTS);
            for (int j = 0; j < number; j++) {
                Planned event = writer.event();
                events.add(event);
                if (random.nextInt(8) == 0) {
                    events.add(event);
                }
            }
        }
        EventWriter ghost = new EventWriter(random, library, places, "ghost", "float", signed);
        if (random.nextInt(4) == 0) {
            experts.get(0).add(ghost.event());
        }
        experts.forEach(events -> interleave(events, random));
        return new Script(models, experts);
    }

    private static List<List<Planned>> partitions() {
        List<List<Planned>> partitions = new ArrayList<>();
        for (int i = 0; i < PARTITIONS; i++) {
            partitions.add(new ArrayList<>());
        }
        return partitions;
    }

    /** Mixes the events of models that share a partition; those of one model keep their order. */
    private static void interleave(List<Planned> events, Random random) {
        List<Planned> mixed = new ArrayList<>();
        List<String> keys = events.stream().map(Planned::key).distinct().toList();
        List<List<Planned>> queues = new ArrayList<>();
        for (String key : keys) {
            queues.add(new ArrayList<>(
                    events.stream().filter(event -> event.key().equals(key)).toList()));
        }
        while (mixed.size() < events.size()) {
            List<Planned> queue = queues.get(random.nextInt(queues.size()));
            if (!queue.isEmpty()) {
                mixed.add(queue.remove(0));
            }
        }
        events.clear();
        events.addAll(mixed);
    }
}
