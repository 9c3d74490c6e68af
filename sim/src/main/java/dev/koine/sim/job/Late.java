package dev.koine.sim.job;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Processes that the job has given up and that go on for a while, as after a pause or a broken connection: each still does the work that it had
 * begun.
 */
final class Late {
    private final Deque<HeadTask> heads = new ArrayDeque<>();

    /** Takes over subtasks that the job is done with. */
    void take(Subtasks subtasks, boolean someGoOn) throws IOException {
        for (HeadTask head : subtasks.headTasks()) {
            if (someGoOn && head.working().isPresent()) {
                heads.add(head);
            } else {
                head.close();
            }
        }
    }

    void addActions(List<Action> actions) {
        if (!heads.isEmpty()) {
            actions.add(new Action("late", "late work", Action.Kind.LATE, () -> {
                try (HeadTask head = heads.remove()) {
                    head.work();
                }
            }));
        }
    }

    /** Ends them all. */
    void kill() throws IOException {
        while (!heads.isEmpty()) {
            heads.remove().close();
        }
    }
}
