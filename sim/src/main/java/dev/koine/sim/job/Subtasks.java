package dev.koine.sim.job;

import dev.koine.engine.linalg.Lanczos;
import dev.koine.flink.state.InboundEvent;
import dev.koine.flink.state.PruneTaskMessage;
import dev.koine.flink.state.PrunedPiece;
import dev.koine.flink.state.Turn;
import dev.koine.lifecycle.head.Head;
import dev.koine.lifecycle.intake.Intake;
import dev.koine.lifecycle.plan.Pruning;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.schemas.Rejection;
import dev.koine.sim.script.Script;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The subtasks of one life of the job, and the channels between them. */
final class Subtasks {
    private final Parts parts;
    private final Parallelism parallelism;
    private final List<IntakeTask> intakes = new ArrayList<>();
    private final List<Pruning> prunings = new ArrayList<>();
    private final List<HeadTask> heads = new ArrayList<>();
    private final Map<String, Integer> offsets = new TreeMap<>();
    private final Exchange<InboundEvent> events;
    private final Exchange<PruneTaskMessage> tasks;
    private final Exchange<Turn> turns;
    private final Exchange<PrunedPiece> pieces;
    private int nextPruning;

    private Subtasks(Site site, Parallelism parallelism) {
        this.parts = site.parts();
        this.parallelism = parallelism;
        int keyed = parallelism.keyed();
        int pruning = parallelism.pruning();
        events = new Exchange<>(2 * Script.PARTITIONS, keyed);
        tasks = new Exchange<>(keyed, pruning);
        turns = new Exchange<>(keyed, keyed);
        pieces = new Exchange<>(pruning, keyed);
    }

    /** No subtasks at all. */
    static Subtasks none(Site site) {
        return new Subtasks(site, new Parallelism(0, 0));
    }

    static Subtasks open(Site site, String modelsTopic, Parallelism parallelism) throws IOException {
        Subtasks opened = new Subtasks(site, parallelism);
        for (int i = 0; i < parallelism.keyed(); i++) {
            opened.intakes.add(new IntakeTask(site, modelsTopic));
            Path scratch = Files.createTempDirectory(site.root(), "scratch");
            opened.heads.add(new HeadTask(site, scratch));
        }
        for (int i = 0; i < parallelism.pruning(); i++) {
            opened.prunings.add(new Pruning(site.openStore(), Lanczos::truncate));
        }
        return opened;
    }

    void restore(Snapshot snapshot, Map<String, ModelState> keptHeads) throws IOException {
        snapshot.offsets()
                .forEach((partition, offset) -> offsets.put(partition, Math.max(0, offset - parts.rewindsTooFar())));
        for (Map.Entry<String, ModelState> state :
                Snapshot.copies(snapshot.intake()).entrySet()) {
            state.getValue().forget(parts.forgotten());
            intake(state.getKey()).restore(state.getKey(), state.getValue());
        }
        snapshot.timers().forEach((model, times) -> intake(model).restore(model, times));
        for (Map.Entry<String, ModelState> state :
                Snapshot.copies(snapshot.head()).entrySet()) {
            head(state.getKey()).restore(state.getKey(), keptHeads.getOrDefault(state.getKey(), state.getValue()));
        }
        snapshot.finished().forEach((model, reached) -> head(model).restore(model, reached));
        if (!parts.losesChannels()) {
            snapshot.events().forEach(event -> send(ModelState.copy(event)));
            snapshot.turns().forEach(turn -> send(ModelState.copy(turn)));
            snapshot.tasks().forEach(task -> send(ModelState.copy(task)));
            snapshot.pieces().forEach(piece -> send(ModelState.copy(piece), 0));
            if (parts.repeatsPieces()) {
                snapshot.pieces().forEach(piece -> send(ModelState.copy(piece), 0));
            }
        }
        for (HeadTask head : heads) {
            head.resume();
        }
    }

    Snapshot snapshot(long id, List<Sink.Prepared> prepared) {
        Map<String, ModelState> intakeStates = new TreeMap<>();
        Map<String, Set<Long>> timers = new TreeMap<>();
        Map<String, Long> finished = new TreeMap<>();
        for (IntakeTask intake : intakes) {
            intakeStates.putAll(Snapshot.copies(intake.states()));
            intake.waking().forEach((model, times) -> timers.put(model, new TreeSet<>(times)));
        }
        for (HeadTask head : heads) {
            head.snapshot(id).forEach((model, reached) -> finished.merge(model, reached, Math::max));
        }
        return new Snapshot(
                id,
                new TreeMap<>(offsets),
                intakeStates,
                timers,
                Snapshot.copies(headStates()),
                finished,
                events.copies(),
                tasks.copies(),
                turns.copies(),
                pieces.copies(),
                prepared);
    }

    Map<String, ModelState> headStates() {
        Map<String, ModelState> states = new TreeMap<>();
        heads.forEach(head -> states.putAll(head.states()));
        return states;
    }

    void addActions(List<Action> actions, Sink sink) {
        for (int i = 0; i < intakes.size(); i++) {
            addIntake(i, intakes.get(i), actions, sink);
        }
        for (int i = 0; i < prunings.size(); i++) {
            int number = i;
            for (int sender : tasks.senders(i)) {
                actions.add(new Action("prune " + i, "prune", Action.Kind.PRUNE, () -> {
                    PruneTaskMessage task = tasks.take(sender, number);
                    send(prunings.get(number).run(task).piece(), number);
                }));
            }
        }
        for (int i = 0; i < heads.size(); i++) {
            addHead(i, heads.get(i), actions, sink);
        }
    }

    private void addIntake(int number, IntakeTask intake, List<Action> actions, Sink sink) {
        String actor = "intake " + number;
        Intake.Output out = intakeOutput(number, sink);
        for (int sender : events.senders(number)) {
            actions.add(new Action(
                    actor,
                    "take an event from " + sender,
                    Action.Kind.INTAKE,
                    () -> intake.take(events.take(sender, number), out)));
        }
        intake.due()
                .ifPresent(model -> actions.add(
                        new Action(actor, "wake " + model, Action.Kind.INTAKE, () -> intake.wake(model, out))));
    }

    private Intake.Output intakeOutput(int number, Sink sink) {
        return new Intake.Output() {
            @Override
            public void turn(Turn turn) {
                send(turn);
            }

            @Override
            public void task(PruneTaskMessage task) {
                send(task);
            }

            @Override
            public void rejection(Rejection rejection) {
                sink.write("intake " + number, rejection);
            }
        };
    }

    private void addHead(int number, HeadTask head, List<Action> actions, Sink sink) {
        String actor = "head " + number;
        for (int sender : turns.senders(number)) {
            actions.add(
                    new Action(actor, "take a turn", Action.Kind.HEAD, () -> head.take(turns.take(sender, number))));
        }
        for (int sender : pieces.senders(number)) {
            actions.add(
                    new Action(actor, "take a piece", Action.Kind.HEAD, () -> head.take(pieces.take(sender, number))));
        }
        head.working()
                .ifPresent(model -> actions.add(
                        new Action("beside head " + number, "work on " + model, Action.Kind.WORK, head::work)));
        Head.Output out = headOutput(number, sink);
        head.fetchable()
                .ifPresent(model ->
                        actions.add(new Action(actor, "fetch " + model, Action.Kind.FETCH, () -> head.fetch(out))));
    }

    private static Head.Output headOutput(int number, Sink sink) {
        return new Head.Output() {
            @Override
            public void update(ModelUpdate update) {
                sink.write("head " + number + " updates", update);
            }

            @Override
            public void rejection(Rejection rejection) {
                sink.write("head " + number + " rejections", rejection);
            }
        };
    }

    void send(InboundEvent event) {
        int topic = event.getTopic().contains("models") ? 0 : Script.PARTITIONS;
        events.send(topic + event.getPartition(), parallelism.of(Objects.requireNonNull(event.getModelId())), event);
    }

    private void send(Turn turn) {
        int subtask = parallelism.of(turn.getModelId());
        turns.send(subtask, subtask, turn);
    }

    private void send(PruneTaskMessage task) {
        tasks.send(parallelism.of(task.getModelId()), nextPruning++ % parallelism.pruning(), task);
    }

    private void send(PrunedPiece piece, int pruning) {
        pieces.send(pruning, parallelism.of(piece.getModelId()), piece);
    }

    int offset(String topic, int partition) {
        return offsets.getOrDefault(topic + "/" + partition, 0);
    }

    void advance(String topic, int partition) {
        offsets.merge(topic + "/" + partition, 1, Integer::sum);
    }

    void notifyHead(int number, long checkpoint) {
        heads.get(number).completed(checkpoint);
    }

    List<Integer> heads() {
        return IntStream.range(0, heads.size()).boxed().toList();
    }

    List<HeadTask> headTasks() {
        return heads;
    }

    List<Long> timers() {
        return intakes.stream()
                .flatMap(intake -> intake.waking().values().stream())
                .flatMap(Set::stream)
                .toList();
    }

    List<Position> seen(String modelId) throws IOException {
        IntakeTask intake = intake(modelId);
        return ModelState.<Position>series(
                        IntakeTask.SEEN, () -> intake.states().getOrDefault(modelId, new ModelState()))
                .all();
    }

    long nextTurn(String modelId) throws IOException {
        IntakeTask intake = intake(modelId);
        @Nullable
        Long next = ModelState.<Long>cell(
                        "next-sequence", () -> intake.states().getOrDefault(modelId, new ModelState()))
                .get();
        return next == null ? 0 : next;
    }

    List<String> modelIds() {
        return intakes.stream()
                .flatMap(intake -> intake.states().keySet().stream())
                .toList();
    }

    private IntakeTask intake(String modelId) {
        return intakes.get(parallelism.of(modelId));
    }

    private HeadTask head(String modelId) {
        return heads.get(parallelism.of(modelId));
    }
}
