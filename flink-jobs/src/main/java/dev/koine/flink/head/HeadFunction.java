package dev.koine.flink.head;

import dev.koine.engine.WorkPool;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.flink.config.MergeJobConfig;
import dev.koine.flink.sink.Rejections;
import dev.koine.flink.sink.Stage;
import dev.koine.flink.source.Events;
import dev.koine.flink.state.PieceSet;
import dev.koine.flink.state.PrunedPiece;
import dev.koine.flink.state.Turn;
import dev.koine.flink.store.RunningMerges;
import dev.koine.flink.store.VersionRecords;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Rejection;
import dev.koine.subscriber.onnx.OnnxOptions;
import dev.koine.subscriber.quarantine.Quarantine;
import dev.koine.subscriber.signature.SigningKey;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.co.KeyedCoProcessFunction;
import org.apache.flink.util.Collector;
import org.jspecify.annotations.Nullable;

/**
 * Works the events of a model off in the order that Intake numbered them in, each as soon as all of its pieces are there: has the
 * {@link Versions version} made, and only then moves the head and emits the update. An event that is refused leaves totals, head
 * and state as they were.
 *
 * <p>A version is made {@link SideWork beside} the task's thread, which goes on taking pieces and checkpoints: it takes seconds, and a
 * checkpoint that had to wait for it would hold back the updates before it. A checkpoint in the meantime has the event as not begun;
 * who starts from there makes the same version again. A timer looks after the work and starts with the checkpoint.
 *
 * <p>State holds identifiers and digests: the head is its {@link ModelUpdate}.
 */
public final class HeadFunction extends KeyedCoProcessFunction<String, Turn, PrunedPiece, ModelUpdate>
        implements CheckpointedFunction, CheckpointListener {
    private static final long serialVersionUID = 1L;
    private static final long LONGEST_LOOK_MILLIS = 50;

    private final MergeJobConfig config;

    private transient ValueState<ModelUpdate> base;
    private transient ValueState<ModelUpdate> head;
    private transient ValueState<Long> nextSequence;
    private transient MapState<Long, Turn> turns;
    private transient MapState<Long, PieceSet> pieces;
    private transient AnnouncedVersions announced;

    private transient WorkPool pool;
    private transient @Nullable OperatorStateStore taskStates;
    private transient FinishedMerges finished;
    private transient @Nullable Housekeeping housekeeping;
    private transient Quarantine quarantine;
    private transient RunningModels models;
    private transient Turns work;
    private transient SideWork<Made> side;
    private transient Map<String, Look> looks;
    private transient Counter versionsMade;
    private transient Counter rejected;

    public HeadFunction(MergeJobConfig config) {
        this.config = config;
    }

    /**
     * The next look at the work on a model, in processing time.
     *
     * @param time of its timer; others are left over
     * @param begun when the work was begun
     */
    private record Look(long time, long begun) {}

    @Override
    public void open(OpenContext context) throws Exception {
        base = getRuntimeContext().getState(new ValueStateDescriptor<>("base", new AvroTypeInfo<>(ModelUpdate.class)));
        head = getRuntimeContext().getState(new ValueStateDescriptor<>("head", new AvroTypeInfo<>(ModelUpdate.class)));
        nextSequence = getRuntimeContext().getState(new ValueStateDescriptor<>("next-sequence", Types.LONG));
        turns = getRuntimeContext()
                .getMapState(new MapStateDescriptor<>("turns", Types.LONG, new AvroTypeInfo<>(Turn.class)));
        pieces = getRuntimeContext()
                .getMapState(new MapStateDescriptor<>("pieces", Types.LONG, new AvroTypeInfo<>(PieceSet.class)));
        pool = new WorkPool(config.threads());
        ArtifactStore store = config.openStore(pool.executor());
        @Nullable String key = config.signatures().signingKey();
        VersionRecords records = new VersionRecords(store.records());
        announced = new AnnouncedVersions(
                getRuntimeContext()
                        .getMapState(new MapStateDescriptor<>("recorded-versions", Types.LONG, Types.STRING)),
                records);
        finished = new FinishedMerges(new RunningMerges(store.records()), Objects.requireNonNull(taskStates));
        models = new RunningModels(store, pool, config.scratchDirectory());
        MetricGroup metrics = getRuntimeContext().getMetricGroup().addGroup("koine");
        quarantine = new Quarantine(config.quarantine());
        OnnxOptions evaluation = config.devices().evaluationOptions();
        Versions versions = new Versions(
                store,
                models,
                new Evaluations(store, quarantine, evaluation, config.threads()),
                new Trials(store, quarantine, new OnnxOptions(config.threads(), evaluation.provider())),
                new Costs(metrics));
        work = new Turns(versions, announced, records, key == null ? null : SigningKey.read(Path.of(key)));
        side = new SideWork<>();
        looks = new HashMap<>();
        versionsMade = metrics.counter("versions");
        rejected = metrics.counter("rejections");
        boolean sweeps = config.retention().versions() > 0
                && getRuntimeContext().getTaskInfo().getIndexOfThisSubtask() == 0;
        if (sweeps) {
            housekeeping = new Housekeeping(store, config.retention(), config.gcInterval(), metrics);
        }
    }

    @Override
    public void initializeState(FunctionInitializationContext context) {
        taskStates = context.getOperatorStateStore();
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
        finished.snapshot(context.getCheckpointId());
    }

    @Override
    public void notifyCheckpointComplete(long checkpoint) {
        finished.completed(checkpoint);
    }

    @Override
    public void processElement1(Turn turn, Context context, Collector<ModelUpdate> out) throws Exception {
        turns.put(turn.getSequence(), turn);
        beginNext(context);
    }

    @Override
    public void processElement2(PrunedPiece piece, Context context, Collector<ModelUpdate> out) throws Exception {
        pieces.put(piece.getSequence(), Pieces.with(received(piece.getSequence()), piece));
        beginNext(context);
    }

    @Override
    public void onTimer(long timestamp, OnTimerContext context, Collector<ModelUpdate> out) throws Exception {
        String modelId = context.getCurrentKey();
        @Nullable Look look = looks.get(modelId);
        if (look != null && look.time() != timestamp) {
            return;
        }
        looks.remove(modelId);
        @Nullable Made made = side.fetch(modelId);
        if (made != null) {
            finish(made, context, out);
        } else if (look != null) {
            lookAgain(look.begun(), context);
        }
        beginNext(context);
    }

    private PieceSet received(long sequence) throws Exception {
        return Objects.requireNonNullElse(pieces.get(sequence), Pieces.NONE);
    }

    private long nextSequence() throws IOException {
        return Objects.requireNonNullElse(nextSequence.value(), 0L);
    }

    private void beginNext(Context context) throws Exception {
        String modelId = context.getCurrentKey();
        if (side.isUnderWay(modelId)) {
            return;
        }
        @Nullable Turn turn = turns.get(nextSequence());
        if (turn == null) {
            return;
        }
        PieceSet complete = received(turn.getSequence());
        if (complete.getReceived() < turn.getPieces()) {
            return;
        }
        side.begin(modelId, work(Turn.newBuilder(turn).build(), complete));
        lookAgain(context.timerService().currentProcessingTime(), context);
    }

    private void lookAgain(long begun, Context context) {
        long now = context.timerService().currentProcessingTime();
        long delay = Math.max(1, Math.min(LONGEST_LOOK_MILLIS, (now - begun) / 8));
        looks.put(context.getCurrentKey(), new Look(now + delay, begun));
        context.timerService().registerProcessingTimeTimer(now + delay);
    }

    /** Made from copies: it runs beside this thread, which goes on using state. */
    private Callable<Made> work(Turn turn, PieceSet complete) throws Exception {
        return turn.getSequence() == 0
                ? work.register(turn)
                : work.change(turn, complete, new Turns.Line(base.value(), head.value()));
    }

    private void finish(Made made, Context context, Collector<ModelUpdate> out) throws Exception {
        long sequence = nextSequence();
        if (made instanceof Made.Version version) {
            ModelUpdate update = version.update();
            if (sequence == 0) {
                base.update(update);
            }
            head.update(update);
            announced.add(update, version.record());
            out.collect(update);
            versionsMade.inc();
        } else if (made instanceof Made.Refusal refusal) {
            reject(turns.get(sequence), refusal, context);
        }
        turns.remove(sequence);
        pieces.remove(sequence);
        nextSequence.update(sequence + 1);
        finished.reached(context.getCurrentKey(), sequence + 1);
    }

    private void reject(Turn turn, Made.Refusal refusal, Context context) throws Exception {
        rejected.inc();
        Stage stage = received(turn.getSequence()).getRefused() != null ? Stage.PRUNE : Stage.HEAD;
        @Nullable String expertId = Events.expertId(turn.getEvent());
        Rejection rejection = Rejections.of(turn.getEvent(), expertId, stage, refusal.reason());
        rejection.setGate(refusal.report());
        context.output(Rejections.TAG, rejection);
    }

    @Override
    public void close() throws IOException {
        if (housekeeping != null) {
            housekeeping.close();
        }
        if (side != null) {
            side.close();
        }
        if (quarantine != null) {
            quarantine.close();
        }
        if (models != null) {
            models.close();
        }
        if (pool != null) {
            pool.close();
        }
    }
}
