package dev.koine.flink.intake;

import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.WorkPool;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.flink.config.MergeJobConfig;
import dev.koine.flink.events.Recipes;
import dev.koine.flink.input.Faults;
import dev.koine.flink.input.StoredBundles;
import dev.koine.flink.prune.PlanStore;
import dev.koine.flink.sink.Rejections;
import dev.koine.flink.sink.Stage;
import dev.koine.flink.source.Events;
import dev.koine.flink.state.InboundEvent;
import dev.koine.flink.state.PruneTaskMessage;
import dev.koine.flink.state.Turn;
import dev.koine.flink.state.WaitingEvent;
import dev.koine.flink.store.RunningMerges;
import dev.koine.objectstore.Stores;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelRegistration;
import dev.koine.subscriber.events.Bundles;
import dev.koine.subscriber.onnx.NativeRuntime;
import dev.koine.subscriber.quarantine.Quarantine;
import java.io.IOException;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import org.jspecify.annotations.Nullable;

/**
 * Checks every event of a model and gives those that pass their turn: a gapless number that Head works them off by, however the
 * pruning of their tensors is scattered.
 *
 * <p>Registrations and experts come by two topics, which have no order between them. An expert whose model is not known yet waits
 * a little for its registration before it is refused; time in which the job did not run does not count.
 */
public final class IntakeFunction extends KeyedProcessFunction<String, InboundEvent, Turn> {
    private static final long serialVersionUID = 1L;

    /** The tensors to prune. */
    public static final OutputTag<PruneTaskMessage> TASKS =
            new OutputTag<>("prune-tasks", new AvroTypeInfo<>(PruneTaskMessage.class));

    private final MergeJobConfig config;

    private transient ValueState<ModelRegistration> registration;
    private transient ValueState<Long> nextSequence;
    private transient ListState<WaitingEvent> waiting;

    private transient ArtifactStore store;
    private transient SignatureGate signatures;
    private transient RunningMerges running;
    private transient WorkPool pool;
    private transient Quarantine quarantine;
    private transient BaseIntake baseIntake;
    private transient ExpertIntake expertIntake;
    private transient Map<String, ModelBundle> bases;
    private transient long graceSinceStart;

    public IntakeFunction(MergeJobConfig config) {
        this.config = config;
    }

    @Override
    public void open(OpenContext context) throws IOException {
        registration = getRuntimeContext()
                .getState(new ValueStateDescriptor<>("registration", new AvroTypeInfo<>(ModelRegistration.class)));
        nextSequence = getRuntimeContext().getState(new ValueStateDescriptor<>("next-sequence", Types.LONG));
        waiting = getRuntimeContext()
                .getListState(new ListStateDescriptor<>("waiting", new AvroTypeInfo<>(WaitingEvent.class)));
        signatures = new SignatureGate(
                config.signatures(),
                getRuntimeContext().getMapState(new MapStateDescriptor<>("newest-signed", Types.STRING, Types.LONG)));
        for (URI place : config.allowedPlaces()) {
            Stores.requireFileSystem(place);
        }
        AllowedPlaces places = new AllowedPlaces(config.allowedPlaces());
        pool = new WorkPool(config.threads());
        store = config.openStore(pool.executor());
        running = new RunningMerges(store.records());
        NativeRuntime.locate();
        quarantine = new Quarantine(config.quarantine());
        baseIntake = new BaseIntake(
                places,
                store,
                pool,
                quarantine,
                new EvaluationIntake(
                        places, store, quarantine, config.devices().evaluationOptions(), config.threads()));
        expertIntake = new ExpertIntake(places, store, pool);
        bases = new HashMap<>();
        graceSinceStart =
                System.currentTimeMillis() + config.unknownModelGrace().toMillis();
    }

    @Override
    public void processElement(InboundEvent event, Context context, Collector<Turn> out) throws Exception {
        boolean known = registration.value() != null;
        if (event.getTopic().equals(config.topics().models())) {
            register(event, known, context, out);
        } else if (known) {
            takeExpert(event, context, out);
        } else {
            long deadline = context.timerService().currentProcessingTime()
                    + config.unknownModelGrace().toMillis();
            waiting.add(new WaitingEvent(event, deadline));
            context.timerService().registerProcessingTimeTimer(deadline);
        }
    }

    @Override
    public void onTimer(long timestamp, OnTimerContext context, Collector<Turn> out) throws Exception {
        if (timestamp < graceSinceStart) {
            context.timerService().registerProcessingTimeTimer(graceSinceStart);
            return;
        }
        List<WaitingEvent> patient = new ArrayList<>();
        for (WaitingEvent waited : drainWaiting()) {
            if (waited.getDeadline() > timestamp) {
                patient.add(waited);
            } else {
                rejectUnknownModel(waited.getEvent(), context);
            }
        }
        waiting.update(patient);
    }

    private static void rejectUnknownModel(InboundEvent event, Context context) throws RejectedException {
        reject(
                event,
                Events.expertId(event),
                context,
                new RejectedException(
                        RejectionCode.UNKNOWN_MODEL,
                        "No model '" + event.getModelId()
                                + "' is registered. Register it with `koine register`, wait for its version 0,"
                                + " and submit the expert again; or correct the model id."));
    }

    private void register(InboundEvent event, boolean known, Context context, Collector<Turn> out) throws Exception {
        try {
            if (known) {
                throw new RejectedException(
                        RejectionCode.MODEL_EXISTS,
                        "A model '" + event.getModelId()
                                + "' is registered already, and its base and recipe are part of every version."
                                + " Register the new one under another model id.");
            }
            ModelRegistration announced = Events.registration(event);
            signatures.require(announced);
            running.begin(event.getModelId(), sequence(), Instant.now());
            String place = announced.getBase().getUri();
            Bundle base =
                    Faults.contain("the base " + place, () -> Input.base(place).read(() -> baseIntake.take(announced)));
            announced.setBase(Bundles.toAvro(base));
            registration.update(announced);
            emit(event, base.digest(), List.of(), out, context);
        } catch (RejectedException e) {
            if (!known) {
                running.cancel(event.getModelId(), sequence());
            }
            reject(event, null, context, e);
            return;
        }
        for (WaitingEvent waited : drainWaiting()) {
            takeExpert(waited.getEvent(), context, out);
        }
    }

    private void takeExpert(InboundEvent event, Context context, Collector<Turn> out) throws Exception {
        ExpertEvent expert = Events.expert(event);
        try {
            signatures.require(expert);
            running.begin(event.getModelId(), sequence(), Instant.now());
            boolean hasBundle = expert.getAction() == ExpertAction.MERGE && expert.getBundle() != null;
            if (!hasBundle) {
                emit(event, null, List.of(), out, context);
                signatures.taken(expert);
                return;
            }
            ModelRegistration model = registration.value();
            Recipe recipe = Recipes.fromAvro(model.getRecipe());
            ModelBundle base = base(model);
            String place = expert.getBundle().getUri();
            ExpertIntake.Plan plan =
                    Faults.contain("the expert " + place, () -> Input.expert(expert.getExpertId(), place)
                            .read(() -> expertIntake.plan(
                                    expert.getBundle(),
                                    base,
                                    Bundles.fromAvro(model.getBase()).digest(),
                                    recipe)));
            emit(event, plan.bundleDigest(), messages(event, plan, recipe), out, context);
            signatures.taken(expert);
        } catch (RejectedException e) {
            running.cancel(event.getModelId(), sequence());
            reject(event, Events.expertId(event), context, e);
        }
    }

    private List<PruneTaskMessage> messages(InboundEvent event, ExpertIntake.Plan plan, Recipe recipe)
            throws IOException {
        List<PruneTask> tasks = plan.tasks();
        if (tasks.isEmpty()) {
            return List.of();
        }
        long sequence = sequence();
        String digest = PlanStore.put(store, tasks, recipe, plan.files());
        return tasks.stream()
                .map(task -> new PruneTaskMessage(event.getModelId(), sequence, task.index(), digest))
                .toList();
    }

    private void emit(
            InboundEvent event,
            @Nullable String bundleDigest,
            List<PruneTaskMessage> tasks,
            Collector<Turn> out,
            Context context)
            throws IOException {
        long sequence = sequence();
        nextSequence.update(sequence + 1);
        out.collect(Turn.newBuilder()
                .setModelId(event.getModelId())
                .setSequence(sequence)
                .setEvent(event)
                .setBundleDigest(bundleDigest)
                .setPieces(tasks.size())
                .build());
        tasks.forEach(task -> context.output(TASKS, task));
    }

    private long sequence() throws IOException {
        @Nullable Long next = nextSequence.value();
        return next == null ? 0 : next;
    }

    private ModelBundle base(ModelRegistration model) throws RejectedException, IOException {
        String digest = Bundles.fromAvro(model.getBase()).digest();
        StoredBundles.keepAtHand(store, digest);
        @Nullable ModelBundle base = bases.get(model.getModelId());
        if (base == null) {
            base = StoredBundles.open(store, digest);
            bases.put(model.getModelId(), base);
        }
        return base;
    }

    private List<WaitingEvent> drainWaiting() throws Exception {
        List<WaitingEvent> events = new ArrayList<>();
        waiting.get().forEach(events::add);
        waiting.clear();
        return events;
    }

    private static void reject(
            InboundEvent event, @Nullable String expertId, Context context, RejectedException reason) {
        context.output(Rejections.TAG, Rejections.of(event, expertId, Stage.INTAKE, reason));
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
