package dev.koine.sim.job;

import dev.koine.engine.RejectedException;
import dev.koine.flink.state.InboundEvent;
import dev.koine.lifecycle.event.Events;
import dev.koine.lifecycle.event.Rejections;
import dev.koine.lifecycle.event.Stage;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.sim.script.Planned;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * The merge job as Flink runs it: sources, subtasks with channels between them, checkpoints, transactions, starts from the last checkpoint.
 * What may happen next is given out as {@link Action}s; somebody else chooses.
 */
public final class SimJob {
    private static final int MOST_SUBTASKS = 2;

    private final Site site;
    private final InputTopic models;
    private final InputTopic experts;
    private final Random random;
    private final List<Transaction> transactions = new ArrayList<>();
    private final Consumer<SpecificRecord> visible;
    private final Late late = new Late();

    private Snapshot last = Snapshot.NONE;
    private @Nullable Snapshot pending;
    private long checkpoints;
    private Subtasks subtasks;
    private Sink sink;
    private List<Integer> toNotify = List.of();
    private boolean isUp;

    /**
     * Starts the job.
     *
     * @param visible is told each update and rejection when readers see it
     * @param random draws how parallel it is
     */
    public SimJob(Site site, InputTopic models, InputTopic experts, Consumer<SpecificRecord> visible, Random random)
            throws IOException {
        this.site = site;
        this.models = models;
        this.experts = experts;
        this.visible = visible;
        this.random = random;
        this.sink = new Sink(transactions, visible);
        this.subtasks = Subtasks.none(site);
        start();
    }

    /**
     * Starts from the last complete checkpoint.
     *
     * @throws IOException as an operator that does not open; the job is to be started again
     */
    public void start() throws IOException {
        isUp = false;
        pending = null;
        toNotify = List.of();
        sink = new Sink(transactions, visible);
        if (site.parts().abortsPrepared()) {
            sink.restore(List.of());
        } else {
            sink.restore(last.prepared());
        }
        Map<String, ModelState> kept = site.parts().keepsHeadState() ? subtasks.headStates() : Map.of();
        subtasks = Subtasks.none(site);
        subtasks = Subtasks.open(site, models.name(), new Parallelism(draw(), draw()));
        subtasks.restore(last, kept);
        isUp = true;
    }

    private int draw() {
        return 1 + random.nextInt(MOST_SUBTASKS);
    }

    /** Ends all subtasks, as far as the job knows. */
    public void stop(boolean someGoOn) throws IOException {
        late.take(subtasks, someGoOn);
    }

    /** Ends what still went on. */
    public void killLate() throws IOException {
        late.kill();
    }

    /** Whether its subtasks run. */
    public boolean isUp() {
        return isUp;
    }

    /** When timers are due. */
    public List<Long> timers() {
        return subtasks.timers();
    }

    /** What the subtasks may do next. */
    public List<Action> actions() {
        List<Action> actions = new ArrayList<>();
        late.addActions(actions);
        if (!isUp) {
            return actions;
        }
        read(models, actions);
        read(experts, actions);
        subtasks.addActions(actions, sink);
        for (int head : toNotify) {
            actions.add(new Action("head " + head, "notify", Action.Kind.NOTIFY, () -> {
                toNotify = toNotify.stream().filter(number -> number != head).toList();
                subtasks.notifyHead(head, last.id());
            }));
        }
        if (sink.mayCommit(last.id())) {
            actions.add(new Action("sink", "commit", Action.Kind.COMMIT, () -> sink.commitOne(last.id())));
        }
        return actions;
    }

    private void read(InputTopic topic, List<Action> actions) {
        for (int partition = 0; partition < topic.partitions(); partition++) {
            int number = partition;
            int offset = subtasks.offset(topic.name(), partition);
            if (offset < topic.partition(partition).size()) {
                String source = topic.name() + "/" + number;
                actions.add(new Action(
                        "source " + source,
                        "read " + source + "/" + offset,
                        Action.Kind.READ,
                        () -> read(topic, number, offset)));
            }
        }
    }

    private void read(InputTopic topic, int partition, int offset) throws IOException {
        subtasks.advance(topic.name(), partition);
        InboundEvent event = inbound(topic, partition, offset);
        try {
            if (topic == models) {
                Events.registration(event);
            } else {
                Events.expert(event);
            }
        } catch (RejectedException e) {
            sink.write(
                    "source",
                    Rejections.of(event, null, Stage.DECODE, e, site.clock().instant()));
            return;
        }
        subtasks.send(event);
    }

    private static InboundEvent inbound(InputTopic topic, int partition, int offset) {
        InputTopic.Sent sent = topic.partition(partition).get(offset);
        Planned planned = sent.planned();
        return InboundEvent.newBuilder()
                .setTopic(topic.name())
                .setPartition(partition)
                .setOffset(offset)
                .setTimestamp(sent.time())
                .setKey(ByteBuffer.wrap(planned.key().getBytes(StandardCharsets.UTF_8)))
                .setValue(planned.value() == null ? null : ByteBuffer.wrap(planned.value()))
                .build();
    }

    /** Whether a checkpoint is under way. */
    public boolean isCheckpointing() {
        return pending != null;
    }

    /** Begins a checkpoint; no subtask may be in the middle of anything. */
    public void checkpoint() {
        long id = ++checkpoints;
        pending = subtasks.snapshot(id, sink.prepare(id));
        if (site.parts().commitsEarly()) {
            while (sink.mayCommit(id)) {
                sink.commitOne(id);
            }
        }
    }

    /** The checkpoint that is under way is complete. */
    public void complete() {
        if (pending == null) {
            throw new IllegalStateException("no checkpoint is under way");
        }
        last = pending;
        pending = null;
        toNotify = subtasks.heads();
    }

    /** The checkpoint that is under way fails; its transactions wait for the next. */
    public void abort() {
        pending = null;
    }

    /** The order in which the events of a model came to Intake, as far as the job remembers. */
    public List<Position> seen(String modelId) throws IOException {
        return subtasks.seen(modelId);
    }

    /** The newest version of a model that the last complete checkpoint has; -1 for none. */
    public long newestComplete(String modelId) throws IOException {
        ModelState state = last.head().getOrDefault(modelId, new ModelState());
        @Nullable
        ModelUpdate newest = ModelState.<ModelUpdate>cell("head", () -> state).get();
        return newest == null ? -1 : newest.getVersion();
    }

    /** The turn that the next event of a model gets. */
    public long nextTurn(String modelId) throws IOException {
        return subtasks.nextTurn(modelId);
    }

    /** Models that Intake knows. */
    public List<String> modelIds() {
        return subtasks.modelIds();
    }
}
