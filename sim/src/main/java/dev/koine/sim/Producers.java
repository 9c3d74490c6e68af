package dev.koine.sim;

import dev.koine.engine.file.FileTree;
import dev.koine.sim.fault.SimClock;
import dev.koine.sim.job.Action;
import dev.koine.sim.job.InputTopic;
import dev.koine.sim.script.Planned;
import dev.koine.sim.script.Script;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Send what a script says, partition by partition, and take away files that they announced. */
final class Producers {
    private static final String ACTOR = "producer";

    private final Script script;
    private final SimClock clock;
    private final InputTopic models = new InputTopic("koine.models", Script.PARTITIONS);
    private final InputTopic experts = new InputTopic("koine.experts", Script.PARTITIONS);
    private final int[] sent = new int[2 * Script.PARTITIONS];
    private final List<Path> vanishing = new ArrayList<>();

    Producers(Script script, SimClock clock) {
        this.script = script;
        this.clock = clock;
    }

    InputTopic models() {
        return models;
    }

    InputTopic experts() {
        return experts;
    }

    boolean haveMore() {
        for (int i = 0; i < sent.length; i++) {
            if (sent[i] < queue(i).size()) {
                return true;
            }
        }
        return false;
    }

    /** How many records were sent. */
    int count() {
        int count = 0;
        for (int number : sent) {
            count += number;
        }
        return count;
    }

    private List<Planned> queue(int number) {
        return number < Script.PARTITIONS
                ? script.models().get(number)
                : script.experts().get(number - Script.PARTITIONS);
    }

    void addActions(List<Action> actions) {
        for (int i = 0; i < sent.length; i++) {
            if (sent[i] < queue(i).size()) {
                int number = i;
                actions.add(new Action(ACTOR, "send to " + i, Action.Kind.PRODUCE, () -> send(number)));
            }
        }
    }

    private void send(int number) {
        Planned planned = queue(number).get(sent[number]++);
        InputTopic topic = number < Script.PARTITIONS ? models : experts;
        topic.send(number % Script.PARTITIONS, planned, clock.millis());
        if (planned.place() != null && !vanishing.contains(planned.place()) && Files.exists(planned.place())) {
            vanishing.add(planned.place());
        }
    }

    void addVanishing(List<Action> actions) {
        if (!vanishing.isEmpty()) {
            actions.add(new Action(
                    ACTOR,
                    "take files away",
                    Action.Kind.VANISH,
                    () -> FileTree.delete(vanishing.remove(vanishing.size() - 1))));
        }
    }
}
