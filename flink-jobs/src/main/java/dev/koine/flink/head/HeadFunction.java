package dev.koine.flink.head;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.RunningModel;
import dev.koine.engine.merge.TaskVector;
import dev.koine.engine.merge.WorkPool;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.LocalStore;
import dev.koine.flink.MergeJobConfig;
import dev.koine.flink.Recipes;
import dev.koine.flink.sink.Rejections;
import dev.koine.flink.sink.Stage;
import dev.koine.flink.source.Events;
import dev.koine.flink.state.InboundEvent;
import dev.koine.flink.state.PieceSet;
import dev.koine.flink.state.PrunedPiece;
import dev.koine.flink.state.Turn;
import dev.koine.schemas.Cause;
import dev.koine.schemas.Change;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.ModelUpdate;
import dev.koine.subscriber.events.Bundles;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.streaming.api.functions.co.KeyedCoProcessFunction;
import org.apache.flink.util.Collector;
import org.jspecify.annotations.Nullable;

/**
 * Works the events of a model off in the order that Intake numbered them in, each as soon as all of its pieces are there, and
 * makes a version of each: change the totals, write the candidate to the store, and only then move the head and emit the update.
 * An event that is refused leaves totals, head and state as they were.
 *
 * <p>State holds identifiers and digests: the head is its {@link ModelUpdate}.
 */
public final class HeadFunction extends KeyedCoProcessFunction<String, Turn, PrunedPiece, ModelUpdate> {
    private static final long serialVersionUID = 1L;

    private final MergeJobConfig config;

    private transient ValueState<ModelUpdate> base;
    private transient ValueState<ModelUpdate> head;
    private transient ValueState<Long> nextSequence;
    private transient MapState<Long, Turn> turns;
    private transient MapState<Long, PieceSet> pieces;

    private transient WorkPool pool;
    private transient ArtifactStore store;
    private transient RunningModels models;
    private transient Counter versions;
    private transient Counter rejections;

    public HeadFunction(MergeJobConfig config) {
        this.config = config;
    }

    @Override
    public void open(OpenContext context) throws IOException {
        base = getRuntimeContext().getState(new ValueStateDescriptor<>("base", new AvroTypeInfo<>(ModelUpdate.class)));
        head = getRuntimeContext().getState(new ValueStateDescriptor<>("head", new AvroTypeInfo<>(ModelUpdate.class)));
        nextSequence = getRuntimeContext().getState(new ValueStateDescriptor<>("next-sequence", Types.LONG));
        turns = getRuntimeContext()
                .getMapState(new MapStateDescriptor<>("turns", Types.LONG, new AvroTypeInfo<>(Turn.class)));
        pieces = getRuntimeContext()
                .getMapState(new MapStateDescriptor<>("pieces", Types.LONG, new AvroTypeInfo<>(PieceSet.class)));
        pool = new WorkPool(config.threads());
        store = LocalStore.open(config.storeDirectory());
        models = new RunningModels(store, pool, config.scratchDirectory());
        MetricGroup metrics = getRuntimeContext().getMetricGroup().addGroup("koine");
        versions = metrics.counter("versions");
        rejections = metrics.counter("rejections");
    }

    @Override
    public void processElement1(Turn turn, Context context, Collector<ModelUpdate> out) throws Exception {
        turns.put(turn.getSequence(), turn);
        workOff(context, out);
    }

    @Override
    public void processElement2(PrunedPiece piece, Context context, Collector<ModelUpdate> out) throws Exception {
        List<PrunedPiece> received = received(piece.getSequence());
        received.add(piece);
        pieces.put(piece.getSequence(), new PieceSet(received));
        workOff(context, out);
    }

    private List<PrunedPiece> received(long sequence) throws Exception {
        @Nullable PieceSet set = pieces.get(sequence);
        return set == null ? new ArrayList<>() : new ArrayList<>(set.getPieces());
    }

    private void workOff(Context context, Collector<ModelUpdate> out) throws Exception {
        while (true) {
            long sequence = Objects.requireNonNullElse(nextSequence.value(), 0L);
            @Nullable Turn turn = turns.get(sequence);
            if (turn == null || received(sequence).size() < turn.getPieces()) {
                return;
            }
            List<PrunedPiece> complete = received(sequence);
            complete.sort(Comparator.comparing(PrunedPiece::getIndex));
            take(turn, complete, context, out);
            turns.remove(sequence);
            pieces.remove(sequence);
            nextSequence.update(sequence + 1);
        }
    }

    private void take(Turn turn, List<PrunedPiece> complete, Context context, Collector<ModelUpdate> out)
            throws Exception {
        InboundEvent event = turn.getEvent();
        if (turn.getSequence() == 0) {
            announce(registered(turn, Events.registration(event)), out);
            return;
        }
        ExpertEvent expert = Events.expert(event);
        Optional<PrunedPiece> refused = complete.stream()
                .filter(piece -> piece.getRejectionCode() != null)
                .findFirst();
        try {
            if (refused.isPresent()) {
                throw new RejectedException(
                        RejectionCode.valueOf(refused.get().getRejectionCode()),
                        refused.get().getRejectionMessage());
            }
            announce(
                    expert.getAction() == ExpertAction.RETRACT
                            ? retracted(event, expert)
                            : merged(
                                    turn,
                                    expert,
                                    complete.stream()
                                            .map(PrunedPiece::getDigest)
                                            .toList()),
                    out);
        } catch (RejectedException e) {
            rejections.inc();
            Stage stage = refused.isPresent() ? Stage.PRUNE : Stage.HEAD;
            context.output(Rejections.TAG, Rejections.of(event, expert.getExpertId(), stage, e));
        }
    }

    private void announce(ModelUpdate update, Collector<ModelUpdate> out) throws IOException {
        head.update(update);
        out.collect(update);
        versions.inc();
    }

    private ModelUpdate registered(Turn turn, ModelRegistration registration) throws Exception {
        Bundle announced = Bundles.fromAvro(registration.getBase());
        Bundle kept = new Bundle(store.bundle(turn.getBundleDigest()).toUri(), announced.files());
        ModelUpdate update = ModelUpdate.newBuilder()
                .setModelId(registration.getModelId())
                .setVersion(0)
                .setParent(null)
                .setDigest(kept.digest())
                .setBundle(Bundles.toAvro(kept))
                .setExperts(List.of())
                .setRecipe(registration.getRecipe())
                .setCause(cause(turn.getEvent(), Change.REGISTERED, null, null))
                .setTime(Instant.now())
                .build();
        base.update(update);
        return update;
    }

    private ModelUpdate merged(Turn turn, ExpertEvent event, List<String> digests)
            throws RejectedException, IOException {
        Contents inside = inside();
        inside.requireNewer(event);
        TaskVector taskVector = new TaskVector(base.value().getDigest(), turn.getBundleDigest(), digests);
        MergedExpert added = MergedExpert.newBuilder()
                .setExpertId(event.getExpertId())
                .setRevision(event.getRevision())
                .setLanguages(event.getLanguages())
                .setTasks(event.getTasks())
                .setWeight(event.getWeight())
                .setBundleDigest(turn.getBundleDigest())
                .setTaskVectorDigest(taskVector.put(store))
                .build();
        RunningModel model = running(inside);
        Optional<MergedExpert> old = inside.find(event.getExpertId());
        if (old.isPresent()) {
            model.replace(RunningModels.member(old.get()), RunningModels.member(added));
        } else {
            model.add(RunningModels.member(added));
        }
        Change change = old.isPresent() ? Change.REPLACED : Change.MERGED;
        return next(
                model, inside.with(added), cause(turn.getEvent(), change, event.getExpertId(), event.getRevision()));
    }

    private ModelUpdate retracted(InboundEvent inbound, ExpertEvent event) throws RejectedException, IOException {
        Contents inside = inside();
        MergedExpert old = inside.requireInside(event.getExpertId());
        RunningModel model = running(inside);
        model.subtract(RunningModels.member(old));
        return next(
                model,
                inside.without(old.getExpertId()),
                cause(inbound, Change.RETRACTED, old.getExpertId(), old.getRevision()));
    }

    private Contents inside() throws IOException {
        return new Contents(head.value().getExperts());
    }

    private RunningModel running(Contents inside) throws RejectedException, IOException {
        ModelUpdate registered = base.value();
        return models.get(
                registered.getModelId(),
                Bundles.fromAvro(registered.getBundle()),
                Recipes.fromAvro(registered.getRecipe()).scale(),
                inside);
    }

    private ModelUpdate next(RunningModel model, Contents inside, Cause cause) throws RejectedException, IOException {
        Bundle bundle = store.<RejectedException>putBundle(target -> model.write(target, Progress.NONE));
        ModelUpdate parent = head.value();
        return ModelUpdate.newBuilder(parent)
                .setVersion(parent.getVersion() + 1)
                .setParent(parent.getVersion())
                .setDigest(bundle.digest())
                .setBundle(Bundles.toAvro(bundle))
                .setExperts(inside.experts())
                .setCause(cause)
                .setTime(Instant.now())
                .build();
    }

    private static Cause cause(InboundEvent event, Change change, @Nullable String expertId, @Nullable Long revision) {
        return new Cause(change, expertId, revision, Rejections.position(event));
    }

    @Override
    public void close() throws IOException {
        if (models != null) {
            models.close();
        }
        if (pool != null) {
            pool.close();
        }
    }
}
