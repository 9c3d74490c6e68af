package dev.koine.flink.intake;

import dev.koine.engine.WorkPool;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.flink.config.MergeJobConfig;
import dev.koine.flink.keyed.KeyedState;
import dev.koine.flink.metric.FlinkInstruments;
import dev.koine.flink.sink.Outputs;
import dev.koine.flink.state.InboundEvent;
import dev.koine.flink.state.PruneTaskMessage;
import dev.koine.flink.state.Turn;
import dev.koine.flink.state.WaitingEvent;
import dev.koine.lifecycle.input.AllowedPlaces;
import dev.koine.lifecycle.intake.BaseIntake;
import dev.koine.lifecycle.intake.BundleIntake;
import dev.koine.lifecycle.intake.EvaluationIntake;
import dev.koine.lifecycle.intake.ExpertIntake;
import dev.koine.lifecycle.intake.Intake;
import dev.koine.lifecycle.intake.StatisticsIntake;
import dev.koine.lifecycle.metric.CountedStore;
import dev.koine.lifecycle.metric.EventMetrics;
import dev.koine.lifecycle.metric.Instruments;
import dev.koine.lifecycle.state.Cell;
import dev.koine.lifecycle.state.Timers;
import dev.koine.objectstore.ObjectBundles;
import dev.koine.objectstore.Stores;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.Rejection;
import dev.koine.speech.onnx.NativeRuntime;
import dev.koine.speech.quarantine.Quarantine;
import java.io.IOException;
import java.net.URI;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.streaming.api.TimerService;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import org.jspecify.annotations.Nullable;

/** {@link Intake} as an operator. */
public final class IntakeFunction extends KeyedProcessFunction<String, InboundEvent, Turn> {
    private static final long serialVersionUID = 1L;

    /** The tensors to prune. */
    public static final OutputTag<PruneTaskMessage> TASKS =
            new OutputTag<>("prune-tasks", new AvroTypeInfo<>(PruneTaskMessage.class));

    private final MergeJobConfig config;
    private transient WorkPool pool;
    private transient Quarantine quarantine;
    private transient Cell<ModelRegistration> registration;
    private transient EventMetrics metrics;
    private transient Intake intake;

    public IntakeFunction(MergeJobConfig config) {
        this.config = config;
    }

    @Override
    public void open(OpenContext context) throws IOException {
        for (URI place : config.allowedPlaces()) {
            Stores.requireFileSystem(place);
        }
        pool = new WorkPool(config.threads());
        Instruments instruments = new FlinkInstruments(getRuntimeContext().getMetricGroup());
        metrics = new EventMetrics(instruments);
        ArtifactStore store = new CountedStore(config.openStore(pool.executor()), instruments);
        NativeRuntime.locate();
        quarantine = new Quarantine(config.quarantine());
        BundleIntake bundles =
                new BundleIntake(new AllowedPlaces(config.allowedPlaces()), ObjectBundles.ofEvents(), store, pool);
        EvaluationIntake evaluation = new EvaluationIntake(
                bundles, store, quarantine, config.devices().evaluationOptions(), config.threads());
        KeyedState state = new KeyedState(getRuntimeContext());
        registration = state.cell("registration", new AvroTypeInfo<>(ModelRegistration.class));
        intake = new Intake(
                state(state),
                new Intake.Settings(config.topics().models(), config.unknownModelGrace(), config.signatures()),
                store,
                new BaseIntake(bundles, store, pool, quarantine, evaluation),
                new ExpertIntake(bundles),
                new StatisticsIntake(bundles, pool),
                InstantSource.system());
    }

    private Intake.State state(KeyedState state) {
        return new Intake.State(
                registration,
                state.cell("next-sequence", Types.LONG),
                state.series("waiting", new AvroTypeInfo<>(WaitingEvent.class)),
                state.table("newest-signed", Types.STRING, Types.LONG));
    }

    @Override
    public void processElement(InboundEvent event, Context context, Collector<Turn> out) throws IOException {
        List<String> refused = new ArrayList<>();
        intake.take(event, timers(context), output(context, out, refused));
        count(context.getCurrentKey(), refused);
    }

    @Override
    public void onTimer(long timestamp, OnTimerContext context, Collector<Turn> out) throws IOException {
        List<String> refused = new ArrayList<>();
        intake.wake(timestamp, timers(context), output(context, out, refused));
        count(context.getCurrentKey(), refused);
    }

    private void count(String modelId, List<String> refused) throws IOException {
        if (!refused.isEmpty()) {
            @Nullable String registered = registration.get() == null ? null : modelId;
            refused.forEach(code -> metrics.rejected(registered, code));
        }
    }

    private static Timers timers(Context context) {
        TimerService timers = context.timerService();
        return new Timers() {
            @Override
            public long now() {
                return timers.currentProcessingTime();
            }

            @Override
            public void wakeAt(long time) {
                timers.registerProcessingTimeTimer(time);
            }
        };
    }

    /** @param refused gets the code of each rejection */
    private Intake.Output output(Context context, Collector<Turn> turns, List<String> refused) {
        return new Intake.Output() {
            @Override
            public void turn(Turn turn) {
                turns.collect(turn);
                metrics.taken(turn.getModelId());
            }

            @Override
            public void task(PruneTaskMessage task) {
                context.output(TASKS, task);
            }

            @Override
            public void rejection(Rejection rejection) {
                context.output(Outputs.REJECTIONS, rejection);
                refused.add(rejection.getCode());
            }
        };
    }

    @Override
    public void close() {
        if (quarantine != null) {
            quarantine.close();
        }
        if (pool != null) {
            pool.close();
        }
    }
}
