package dev.koine.sim.job;

import dev.koine.sim.script.Planned;
import java.util.ArrayList;
import java.util.List;

/** A topic that producers write to: partitions, each in order and for good. */
public final class InputTopic {
    private final String name;
    private final List<List<Sent>> partitions = new ArrayList<>();

    /**
     * A record in the topic.
     *
     * @param time when it was written, in milliseconds since the epoch
     */
    public record Sent(Planned planned, long time) {}

    public InputTopic(String name, int partitions) {
        this.name = name;
        for (int i = 0; i < partitions; i++) {
            this.partitions.add(new ArrayList<>());
        }
    }

    public String name() {
        return name;
    }

    /** Appends a record. */
    public void send(int partition, Planned record, long time) {
        partitions.get(partition).add(new Sent(record, time));
    }

    /** The records of a partition; a record's index is its offset. */
    public List<Sent> partition(int number) {
        return partitions.get(number);
    }

    public int partitions() {
        return partitions.size();
    }
}
