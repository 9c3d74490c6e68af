package dev.koine.sim.job;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;

/**
 * The channels between the subtasks of two operators: what one sends another comes in order; between channels there is none.
 *
 * @param <T> what is sent
 */
final class Exchange<T extends SpecificRecord> {
    private final List<List<Deque<T>>> channels = new ArrayList<>();

    Exchange(int senders, int receivers) {
        for (int sender = 0; sender < senders; sender++) {
            List<Deque<T>> row = new ArrayList<>();
            for (int receiver = 0; receiver < receivers; receiver++) {
                row.add(new ArrayDeque<>());
            }
            channels.add(row);
        }
    }

    void send(int sender, int receiver, T message) {
        channels.get(sender).get(receiver).add(message);
    }

    /** The senders of which something is there for a receiver. */
    List<Integer> senders(int receiver) {
        List<Integer> senders = new ArrayList<>();
        for (int sender = 0; sender < channels.size(); sender++) {
            if (!channels.get(sender).get(receiver).isEmpty()) {
                senders.add(sender);
            }
        }
        return senders;
    }

    T take(int sender, int receiver) {
        return channels.get(sender).get(receiver).remove();
    }

    /** What is on its way, as a checkpoint has it. */
    List<T> copies() {
        List<T> copies = new ArrayList<>();
        channels.forEach(
                row -> row.forEach(channel -> channel.forEach(message -> copies.add(ModelState.copy(message)))));
        return copies;
    }
}
