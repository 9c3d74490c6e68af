package dev.koine.sim.job;

import dev.koine.engine.Device;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.engine.store.BundleSource;
import dev.koine.flink.state.InboundEvent;
import dev.koine.lifecycle.event.Rejections;
import dev.koine.lifecycle.input.AllowedPlaces;
import dev.koine.lifecycle.intake.BaseIntake;
import dev.koine.lifecycle.intake.BundleIntake;
import dev.koine.lifecycle.intake.EvaluationIntake;
import dev.koine.lifecycle.intake.ExpertIntake;
import dev.koine.lifecycle.intake.Intake;
import dev.koine.lifecycle.intake.StatisticsIntake;
import dev.koine.lifecycle.state.Series;
import dev.koine.lifecycle.state.Timers;
import dev.koine.schemas.Position;
import dev.koine.sim.script.FakeExaminer;
import dev.koine.sim.script.Library;
import dev.koine.speech.onnx.OnnxOptions;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** {@link Intake} as a subtask. Besides, it keeps the order in which events came, for whoever checks what became of them. */
final class IntakeTask {
    /** Positions of the events that came, in state with everything else. */
    static final String SEEN = "seen";

    private final Intake intake;
    private final Site site;
    private final Map<String, ModelState> states = new TreeMap<>();
    private final Map<String, NavigableSet<Long>> timers = new TreeMap<>();
    private final Series<Position> seen = ModelState.series(SEEN, this::current);
    private String current = "";

    IntakeTask(Site site, String modelsTopic) throws IOException {
        this.site = site;
        ArtifactStore store = site.openStore();
        WorkPool pool = WorkPool.inCaller();
        FakeExaminer examiner = new FakeExaminer(site.library().judgement(), site.interruptions());
        BundleIntake bundles = new BundleIntake(new AllowedPlaces(site.allowed()), this::open, store, pool);
        EvaluationIntake evaluation = new EvaluationIntake(bundles, store, examiner, new OnnxOptions(1, Device.CPU), 1);
        intake = new Intake(
                new Intake.State(
                        ModelState.cell("registration", this::current),
                        ModelState.cell("next-sequence", this::current),
                        ModelState.series("waiting", this::current),
                        ModelState.table("newest-signed", this::current)),
                new Intake.Settings(modelsTopic, site.unknownModelGrace(), site.signatures()),
                store,
                new BaseIntake(bundles, store, pool, examiner, evaluation),
                new ExpertIntake(bundles, Library.TASK_ELEMENTS),
                new StatisticsIntake(bundles, pool),
                site.clock());
    }

    private InputStream open(Bundle bundle, BundleFile file) throws IOException, RejectedException {
        site.interruptions().at("read " + file.path());
        return BundleSource.LOCAL.open(bundle, file);
    }

    private ModelState current() {
        return states.computeIfAbsent(current, id -> new ModelState());
    }

    void take(InboundEvent event, Intake.Output out) throws IOException {
        current = Objects.requireNonNull(event.getModelId());
        seen.add(Rejections.position(event));
        intake.take(event, timers(), site.parts().intakeOutput(out));
    }

    /** The model whose timer is due, if one is. */
    Optional<String> due() {
        return timers.entrySet().stream()
                .filter(times -> !times.getValue().isEmpty()
                        && times.getValue().first() <= site.clock().millis())
                .map(Map.Entry::getKey)
                .findFirst();
    }

    void wake(String modelId, Intake.Output out) throws IOException {
        current = modelId;
        long time = Objects.requireNonNull(
                Objects.requireNonNull(timers.get(modelId)).pollFirst());
        intake.wake(time, timers(), site.parts().intakeOutput(out));
    }

    private Timers timers() {
        String modelId = current;
        return new Timers() {
            @Override
            public long now() {
                return site.clock().millis();
            }

            @Override
            public void wakeAt(long time) {
                timers.computeIfAbsent(modelId, id -> new TreeSet<>()).add(time);
            }
        };
    }

    Map<String, ModelState> states() {
        return states;
    }

    Map<String, NavigableSet<Long>> waking() {
        return timers;
    }

    void restore(String modelId, ModelState state) {
        states.put(modelId, state);
    }

    void restore(String modelId, Set<Long> times) {
        timers.put(modelId, new TreeSet<>(times));
    }
}
