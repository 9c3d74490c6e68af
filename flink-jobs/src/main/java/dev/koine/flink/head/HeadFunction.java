package dev.koine.flink.head;

import dev.koine.engine.WorkPool;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.events.signature.SigningKey;
import dev.koine.flink.config.MergeJobConfig;
import dev.koine.flink.keyed.KeyedState;
import dev.koine.flink.metric.FlinkInstruments;
import dev.koine.flink.sink.Outputs;
import dev.koine.flink.state.PieceSet;
import dev.koine.flink.state.PrunedPiece;
import dev.koine.flink.state.Turn;
import dev.koine.lifecycle.gate.Evaluations;
import dev.koine.lifecycle.gate.Trials;
import dev.koine.lifecycle.head.Announcements;
import dev.koine.lifecycle.head.Head;
import dev.koine.lifecycle.head.HeadMetrics;
import dev.koine.lifecycle.head.TurnResult;
import dev.koine.lifecycle.history.FinishedMerges;
import dev.koine.lifecycle.history.RunningMerges;
import dev.koine.lifecycle.history.VersionRecords;
import dev.koine.lifecycle.metric.CountedStore;
import dev.koine.lifecycle.metric.EventMetrics;
import dev.koine.lifecycle.metric.Instruments;
import dev.koine.lifecycle.version.CandidateCosts;
import dev.koine.lifecycle.version.RunningModels;
import dev.koine.lifecycle.version.Versions;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Rejection;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.quarantine.Quarantine;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.co.KeyedCoProcessFunction;
import org.apache.flink.util.Collector;
import org.jspecify.annotations.Nullable;

/**
 * {@link Head} as an operator.
 *
 * <p>A version is made {@link SideWork beside} the task's thread, which goes on taking pieces and checkpoints: it takes seconds, and a
 * checkpoint that had to wait for it would hold back the updates before it. A timer looks after the work and starts with the checkpoint.
 */
public final class HeadFunction extends KeyedCoProcessFunction<String, Turn, PrunedPiece, ModelUpdate>
        implements CheckpointedFunction, CheckpointListener {
    private static final long serialVersionUID = 1L;
    private static final long LONGEST_LOOK_MILLIS = 50;

    /** Timers are in every checkpoint, and a model that nobody sends events of is known again after a start by its own. */
    private static final long METRICS_EVERY_MILLIS = 10_000;

    private final MergeJobConfig config;

    private transient @Nullable ListState<Tuple2<String, Long>> finishedState;
    private transient Head head;
    private transient FinishedMerges finished;
    private transient WorkPool pool;
    private transient Quarantine quarantine;
    private transient RunningModels models;
    private transient @Nullable Housekeeping housekeeping;
    private transient SideWork<TurnResult> side;
    private transient Map<String, Look> looks;
    private transient EventMetrics events;
    private transient HeadMetrics metrics;
    private transient Announcements announcements;
    private transient Map<String, Long> metricsDue;

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
    public void initializeState(FunctionInitializationContext context) throws Exception {
        finishedState = context.getOperatorStateStore()
                .getListState(new ListStateDescriptor<>("finished-merges", Types.TUPLE(Types.STRING, Types.LONG)));
    }

    @Override
    public void open(OpenContext context) throws Exception {
        pool = new WorkPool(config.threads());
        Instruments instruments = new FlinkInstruments(getRuntimeContext().getMetricGroup());
        ArtifactStore store = new CountedStore(config.openStore(pool.executor()), instruments);
        finished = new FinishedMerges(new RunningMerges(store.records()));
        for (Tuple2<String, Long> model : Objects.requireNonNull(finishedState).get()) {
            finished.restore(model.f0, model.f1);
        }
        models = new RunningModels(store, pool, config.scratchDirectory());
        quarantine = new Quarantine(config.quarantine());
        @Nullable String key = config.signatures().signingKey();
        head = new Head(
                state(),
                versions(store, instruments),
                new VersionRecords(store.records()),
                key == null ? null : SigningKey.read(Path.of(key)),
                InstantSource.system());
        side = new SideWork<>();
        looks = new HashMap<>();
        events = new EventMetrics(instruments);
        metrics = new HeadMetrics(instruments, InstantSource.system());
        announcements = new Announcements(instruments, InstantSource.system());
        metricsDue = new HashMap<>();
        if (getRuntimeContext().getTaskInfo().getIndexOfThisSubtask() == 0) {
            housekeeping = new Housekeeping(store, config.retention(), config.gcInterval(), instruments);
        }
    }

    private Head.State state() {
        KeyedState state = new KeyedState(getRuntimeContext());
        return new Head.State(
                state.cell("base", new AvroTypeInfo<>(ModelUpdate.class)),
                state.cell("head", new AvroTypeInfo<>(ModelUpdate.class)),
                state.cell("next-sequence", Types.LONG),
                state.table("turns", Types.LONG, new AvroTypeInfo<>(Turn.class)),
                state.table("pieces", Types.LONG, new AvroTypeInfo<>(PieceSet.class)),
                state.table("recorded-versions", Types.LONG, Types.STRING));
    }

    private Versions versions(ArtifactStore store, Instruments instruments) {
        OnnxOptions evaluated = config.devices().evaluationOptions();
        return new Versions(
                store,
                models,
                new Evaluations(store, quarantine, evaluated, config.threads()),
                new Trials(store, quarantine, new OnnxOptions(config.threads(), evaluated.device())),
                new CandidateCosts(instruments),
                InstantSource.system());
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
        Objects.requireNonNull(finishedState)
                .update(finished.snapshot(context.getCheckpointId()).entrySet().stream()
                        .map(model -> Tuple2.of(model.getKey(), model.getValue()))
                        .toList());
        announcements.snapshot(context.getCheckpointId());
    }

    @Override
    public void notifyCheckpointComplete(long checkpoint) {
        finished.completed(checkpoint);
        announcements.completed(checkpoint);
    }

    @Override
    public void processElement1(Turn turn, Context context, Collector<ModelUpdate> out) throws IOException {
        head.take(turn);
        metrics.look(context.getCurrentKey(), head);
        beginNext(context);
    }

    @Override
    public void processElement2(PrunedPiece piece, Context context, Collector<ModelUpdate> out) throws IOException {
        head.take(piece);
        beginNext(context);
    }

    @Override
    public void onTimer(long timestamp, OnTimerContext context, Collector<ModelUpdate> out) throws Exception {
        String modelId = context.getCurrentKey();
        reportAgain(timestamp, context);
        @Nullable Look look = looks.get(modelId);
        if (look != null && look.time() != timestamp) {
            return;
        }
        looks.remove(modelId);
        @Nullable TurnResult made = side.fetch(modelId);
        if (made != null) {
            finished.reached(modelId, head.finish(made, output(context, out)));
            metrics.look(modelId, head);
        } else if (look != null) {
            lookAgain(look.begun(), context);
        }
        beginNext(context);
    }

    /** @param time of the timer that is due */
    private void reportAgain(long time, Context context) throws IOException {
        String modelId = context.getCurrentKey();
        @Nullable Long due = metricsDue.get(modelId);
        if (due == null || due <= time) {
            metrics.look(modelId, head);
            long next = context.timerService().currentProcessingTime() + METRICS_EVERY_MILLIS;
            metricsDue.put(modelId, next);
            context.timerService().registerProcessingTimeTimer(next);
        }
    }

    private void beginNext(Context context) throws IOException {
        String modelId = context.getCurrentKey();
        if (side.isUnderWay(modelId)) {
            return;
        }
        @Nullable Callable<TurnResult> work = head.due();
        if (work != null) {
            side.begin(modelId, work);
            lookAgain(context.timerService().currentProcessingTime(), context);
        }
    }

    private void lookAgain(long begun, Context context) {
        long now = context.timerService().currentProcessingTime();
        long delay = Math.max(1, Math.min(LONGEST_LOOK_MILLIS, (now - begun) / 8));
        looks.put(context.getCurrentKey(), new Look(now + delay, begun));
        context.timerService().registerProcessingTimeTimer(now + delay);
    }

    private Head.Output output(Context context, Collector<ModelUpdate> out) {
        return new Head.Output() {
            @Override
            public void update(ModelUpdate update) {
                out.collect(update);
                metrics.made(update);
                announcements.made(update);
            }

            @Override
            public void rejection(Rejection rejection) {
                context.output(Outputs.REJECTIONS, rejection);
                events.rejected(context.getCurrentKey(), rejection.getCode());
            }
        };
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
