package dev.koine.sim.job;

import dev.koine.engine.Device;
import dev.koine.engine.WorkPool;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.flink.state.PrunedPiece;
import dev.koine.flink.state.Turn;
import dev.koine.lifecycle.gate.Evaluations;
import dev.koine.lifecycle.gate.Trials;
import dev.koine.lifecycle.head.Head;
import dev.koine.lifecycle.head.TurnResult;
import dev.koine.lifecycle.history.FinishedMerges;
import dev.koine.lifecycle.history.RunningMerges;
import dev.koine.lifecycle.history.VersionRecords;
import dev.koine.lifecycle.version.CandidateCosts;
import dev.koine.lifecycle.version.RunningModels;
import dev.koine.lifecycle.version.Versions;
import dev.koine.sim.script.FakeExaminer;
import dev.koine.speech.onnx.OnnxOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** {@link Head} as a subtask. The work on a version is begun, done and fetched at three times, as on a thread of its own. */
final class HeadTask implements AutoCloseable {
    private final Head head;
    private final RunningModels models;
    private final FinishedMerges finished;
    private final Parts parts;
    private final Map<String, ModelState> states = new TreeMap<>();
    private final Map<String, Callable<TurnResult>> begun = new LinkedHashMap<>();
    private final Map<String, Result> done = new LinkedHashMap<>();
    private String current = "";

    private record Result(
            @Nullable TurnResult made, @Nullable IOException trouble) {}

    /** @param scratch an empty directory */
    HeadTask(Site site, Path scratch) throws IOException {
        parts = site.parts();
        ArtifactStore store = site.openStore();
        finished = new FinishedMerges(new RunningMerges(store.records()));
        models = new RunningModels(store, WorkPool.inCaller(), scratch);
        FakeExaminer examiner = new FakeExaminer(site.library().judgement(), site.interruptions());
        OnnxOptions options = new OnnxOptions(1, Device.CPU);
        Versions versions = new Versions(
                store,
                models,
                new Evaluations(store, examiner, options, 1),
                new Trials(store, examiner, options),
                new CandidateCosts(),
                site.clock());
        head = new Head(
                parts.headState(new Head.State(
                        ModelState.cell("base", this::current),
                        ModelState.cell("head", this::current),
                        ModelState.cell("next-sequence", this::current),
                        ModelState.table("turns", this::current),
                        ModelState.table("pieces", this::current),
                        ModelState.table("recorded-versions", this::current))),
                versions,
                new VersionRecords(store.records()),
                null,
                site.clock());
    }

    private ModelState current() {
        return states.computeIfAbsent(current, id -> new ModelState());
    }

    void take(Turn turn) throws IOException {
        current = turn.getModelId();
        head.take(turn);
        beginNext();
    }

    void take(PrunedPiece piece) throws IOException {
        current = piece.getModelId();
        head.take(piece);
        beginNext();
    }

    private void beginNext() throws IOException {
        if (begun.containsKey(current) || done.containsKey(current)) {
            return;
        }
        @Nullable Callable<TurnResult> work = head.due();
        if (work != null) {
            begun.put(current, work);
        }
    }

    /** The model whose work is to be done now, if there is one. */
    Optional<String> working() {
        return begun.keySet().stream().findFirst();
    }

    /** Does the work that was begun first. */
    void work() {
        String modelId = working().orElseThrow();
        Result result;
        try {
            result = new Result(Objects.requireNonNull(begun.get(modelId)).call(), null);
        } catch (IOException e) {
            result = new Result(null, e);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("Work on a version throws what it may not.", e);
        }
        begun.remove(modelId);
        done.put(modelId, result);
    }

    /** The model whose work can be fetched, if there is one. */
    Optional<String> fetchable() {
        return done.keySet().stream().findFirst();
    }

    /** Fetches the work that was done first. */
    void fetch(Head.Output out) throws IOException {
        current = fetchable().orElseThrow();
        Result result = done.remove(current);
        if (result.trouble() != null) {
            throw new IOException("Work on model '" + current + "' failed: " + result.trouble(), result.trouble());
        }
        if (result.made() != null) {
            finished.reached(current, head.finish(result.made(), parts.headOutput(out)));
        }
        beginNext();
    }

    Map<String, Long> snapshot(long checkpoint) {
        Map<String, Long> held = finished.snapshot(checkpoint);
        if (parts.endsMergesEarly()) {
            finished.completed(checkpoint);
        }
        return held;
    }

    void completed(long checkpoint) {
        finished.completed(checkpoint);
    }

    Map<String, ModelState> states() {
        return states;
    }

    void restore(String modelId, ModelState state) throws IOException {
        states.put(modelId, state);
    }

    void restore(String modelId, long reached) {
        finished.restore(modelId, reached);
    }

    /** Looks for work that was due in a checkpoint: in Flink, a timer does. */
    void resume() throws IOException {
        for (String modelId : states.keySet()) {
            current = modelId;
            beginNext();
        }
    }

    @Override
    public void close() throws IOException {
        models.close();
    }
}
