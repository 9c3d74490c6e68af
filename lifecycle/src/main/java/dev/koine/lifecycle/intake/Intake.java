package dev.koine.lifecycle.intake;

import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.weighed.StatisticsCheck;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.events.Bundles;
import dev.koine.events.Recipes;
import dev.koine.flink.state.InboundEvent;
import dev.koine.flink.state.PruneTaskMessage;
import dev.koine.flink.state.Turn;
import dev.koine.flink.state.WaitingEvent;
import dev.koine.lifecycle.event.Events;
import dev.koine.lifecycle.event.Rejections;
import dev.koine.lifecycle.event.Stage;
import dev.koine.lifecycle.history.RunningMerges;
import dev.koine.lifecycle.input.Faults;
import dev.koine.lifecycle.input.StoredBundles;
import dev.koine.lifecycle.input.WeightMaps;
import dev.koine.lifecycle.plan.PlanStore;
import dev.koine.lifecycle.state.Cell;
import dev.koine.lifecycle.state.Series;
import dev.koine.lifecycle.state.Table;
import dev.koine.lifecycle.state.Timers;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.Rejection;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Checks every event of a model and gives those that pass their turn: a gapless number that Head works them off by, however the
 * pruning of their tensors is scattered.
 *
 * <p>Registrations and experts come by two topics, which have no order between them. An expert whose model is not known yet waits
 * a little for its registration before it is refused; time in which nobody took anything in does not count.
 */
public final class Intake {
    private final State state;
    private final Settings settings;
    private final ArtifactStore store;
    private final SignatureGate signatures;
    private final RunningMerges running;
    private final BaseIntake baseIntake;
    private final ExpertIntake expertIntake;
    private final StatisticsIntake statisticsIntake;
    private final InstantSource clock;
    private final Map<String, Base> bases = new HashMap<>();
    private final long graceSinceStart;

    /**
     * State of the current model.
     *
     * @param registration that was accepted, with its base in the store
     * @param nextSequence the turn that the next event gets
     * @param waiting events that came before their model's registration
     * @param newestSigned time of the newest event that was taken, by key and expert
     */
    public record State(
            Cell<ModelRegistration> registration,
            Cell<Long> nextSequence,
            Series<WaitingEvent> waiting,
            Table<String, Long> newestSigned) {}

    /**
     * @param modelsTopic the topic with registrations; every other one has expert events
     * @param unknownModelGrace how long an expert waits for its model's registration
     */
    public record Settings(String modelsTopic, Duration unknownModelGrace, Signatures signatures) {}

    /** Where what passes, and what does not, goes. */
    public interface Output {
        void turn(Turn turn);

        void task(PruneTaskMessage task);

        void rejection(Rejection rejection);
    }

    public Intake(
            State state,
            Settings settings,
            ArtifactStore store,
            BaseIntake baseIntake,
            ExpertIntake expertIntake,
            StatisticsIntake statisticsIntake,
            InstantSource clock) {
        this.state = state;
        this.settings = settings;
        this.store = store;
        this.signatures = new SignatureGate(settings.signatures(), state.newestSigned());
        this.running = new RunningMerges(store.records());
        this.baseIntake = baseIntake;
        this.expertIntake = expertIntake;
        this.statisticsIntake = statisticsIntake;
        this.clock = clock;
        this.graceSinceStart = clock.millis() + settings.unknownModelGrace().toMillis();
    }

    /** Takes an event of the current model. */
    public void take(InboundEvent event, Timers timers, Output out) throws IOException {
        @Nullable ModelRegistration known = state.registration().get();
        if (event.getTopic().equals(settings.modelsTopic())) {
            register(event, known != null, out);
        } else if (known != null) {
            takeExpert(event, known, out);
        } else {
            long deadline = timers.now() + settings.unknownModelGrace().toMillis();
            state.waiting().add(new WaitingEvent(event, deadline));
            timers.wakeAt(deadline);
        }
    }

    /** Refuses what has waited long enough for the registration of the current model. */
    public void wake(long time, Timers timers, Output out) throws IOException {
        if (time < graceSinceStart) {
            timers.wakeAt(graceSinceStart);
            return;
        }
        List<WaitingEvent> patient = new ArrayList<>();
        for (WaitingEvent waited : state.waiting().all()) {
            if (waited.getDeadline() > time) {
                patient.add(waited);
            } else {
                refuseUnknownModel(waited.getEvent(), out);
            }
        }
        state.waiting().replace(patient);
    }

    private void refuseUnknownModel(InboundEvent event, Output out) {
        RejectedException reason = new RejectedException(
                RejectionCode.UNKNOWN_MODEL,
                "No model '" + event.getModelId()
                        + "' is registered. Register it with `koine register`, wait for its version 0,"
                        + " and submit the expert again; or correct the model id.");
        try {
            reject(event, Events.expertId(Events.expert(event)), reason, out);
        } catch (RejectedException e) {
            reject(event, null, e, out);
        }
    }

    private void register(InboundEvent event, boolean isKnown, Output out) throws IOException {
        ModelRegistration announced;
        try {
            if (isKnown) {
                throw new RejectedException(
                        RejectionCode.MODEL_EXISTS,
                        "A model '" + event.getModelId()
                                + "' is registered already, and its base and recipe are part of every version."
                                + " Register the new one under another model id.");
            }
            announced = Events.registration(event);
            signatures.require(announced);
            InboundEvent settled = Events.settleRecipe(event, announced);
            running.begin(event.getModelId(), sequence(), clock.instant());
            String place = announced.getBase().getUri();
            BaseIntake.Taken taken =
                    Faults.contain("the base " + place, () -> Input.base(place).read(() -> baseIntake.take(announced)));
            announced.setBase(Bundles.toAvro(taken.base()));
            if (taken.checkpoint() != null) {
                announced.setCheckpoint(Bundles.toAvro(taken.checkpoint()));
            }
            state.registration().set(announced);
            emit(settled, taken.base().digest(), List.of(), out);
        } catch (RejectedException e) {
            if (!isKnown) {
                running.cancel(event.getModelId(), sequence());
            }
            reject(event, null, e, out);
            return;
        }
        List<WaitingEvent> waited = state.waiting().all();
        state.waiting().replace(List.of());
        for (WaitingEvent waiting : waited) {
            takeExpert(waiting.getEvent(), announced, out);
        }
    }

    private void takeExpert(InboundEvent event, ModelRegistration model, Output out) throws IOException {
        @Nullable String expertId = null;
        try {
            ExpertEvent expert = Events.expert(event);
            expertId = Events.expertId(expert);
            signatures.require(expert);
            running.begin(event.getModelId(), sequence(), clock.instant());
            if (expert.getAction() == ExpertAction.MERGE) {
                takeStatistics(expert, model);
            }
            if (expert.getAction() == ExpertAction.MERGE && expert.getBundle() != null) {
                plan(event, expert, model, out);
            } else {
                emit(event, null, List.of(), out);
            }
            signatures.taken(expert);
        } catch (RejectedException e) {
            running.cancel(event.getModelId(), sequence());
            reject(event, expertId, e, out);
        }
    }

    /** Of a recipe that weighs by none they are not looked at: whoever sends them need not know what each model does with them. */
    private void takeStatistics(ExpertEvent expert, ModelRegistration model) throws RejectedException, IOException {
        Recipe recipe = Recipes.fromAvro(model.getRecipe());
        if (!recipe.method().isWeighed()) {
            if (Events.isProtection(expert)) {
                throw new RejectedException(
                        RejectionCode.INVALID_EVENT,
                        "The model merges by " + recipe.method().name()
                                + ", which weighs by no statistics, so that no language can be protected by them. Register the base under"
                                + " another model id with --method REGMEAN.");
            }
            return;
        }
        dev.koine.schemas.@Nullable Bundle statistics = expert.getStatistics();
        if (statistics == null) {
            throw StatisticsCheck.missing();
        }
        String digest = Bundles.fromAvro(model.getBase()).digest();
        ModelBundle base = base(model).model();
        String place = statistics.getUri();
        Faults.contain("the statistics " + place, () -> new Input("The statistics (" + place + ")")
                .read(() -> statisticsIntake.take(statistics, base, digest, expert.getLanguages())));
    }

    private void plan(InboundEvent event, ExpertEvent expert, ModelRegistration model, Output out)
            throws RejectedException, IOException {
        Recipe recipe = Recipes.fromAvro(model.getRecipe());
        Base base = base(model);
        String place = expert.getBundle().getUri();
        ExpertIntake.Plan plan = Faults.contain("the expert " + place, () -> Input.expert(expert.getExpertId(), place)
                .read(() -> expertIntake.plan(
                        expert.getBundle(),
                        base.model(),
                        base.mapped(),
                        Bundles.fromAvro(model.getBase()).digest(),
                        recipe)));
        emit(event, plan.bundleDigest(), messages(event, plan, recipe), out);
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

    private void emit(InboundEvent event, @Nullable String bundleDigest, List<PruneTaskMessage> tasks, Output out)
            throws IOException {
        long sequence = sequence();
        state.nextSequence().set(sequence + 1);
        out.turn(Turn.newBuilder()
                .setModelId(event.getModelId())
                .setSequence(sequence)
                .setEvent(event)
                .setBundleDigest(bundleDigest)
                .setPieces(tasks.size())
                .build());
        tasks.forEach(out::task);
    }

    private long sequence() throws IOException {
        return Objects.requireNonNullElse(state.nextSequence().get(), 0L);
    }

    /** @param mapped with the checkpoint; null where there is none */
    private record Base(ModelBundle model, @Nullable MappedBase mapped) {}

    private Base base(ModelRegistration model) throws RejectedException, IOException {
        String digest = Bundles.fromAvro(model.getBase()).digest();
        StoredBundles.touch(store, digest);
        @Nullable
        String checkpoint = model.getCheckpoint() == null
                ? null
                : Bundles.fromAvro(model.getCheckpoint()).digest();
        if (checkpoint != null) {
            StoredBundles.touch(store, checkpoint);
        }
        @Nullable Base base = bases.get(model.getModelId());
        if (base == null) {
            ModelBundle opened = StoredBundles.open(store, digest);
            base = new Base(opened, checkpoint == null ? null : new WeightMaps(store).open(opened, digest, checkpoint));
            bases.put(model.getModelId(), base);
        }
        return base;
    }

    private void reject(InboundEvent event, @Nullable String expertId, RejectedException reason, Output out) {
        out.rejection(Rejections.of(event, expertId, Stage.INTAKE, reason, clock.instant()));
    }
}
