package dev.koine.flink.head;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.WorkPool;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.LocalStore;
import dev.koine.flink.MergeJobConfig;
import dev.koine.flink.sink.Rejections;
import dev.koine.flink.sink.Stage;
import dev.koine.flink.source.Events;
import dev.koine.flink.state.InboundEvent;
import dev.koine.flink.state.PieceSet;
import dev.koine.flink.state.PrunedPiece;
import dev.koine.flink.state.Turn;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
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
 * Works the events of a model off in the order that Intake numbered them in, each as soon as all of its pieces are there: has the
 * {@link Versions version} made, and only then moves the head and emits the update. An event that is refused leaves totals, head
 * and state as they were.
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
    private transient RunningModels models;
    private transient Versions versions;
    private transient Counter announced;
    private transient Counter rejected;

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
        ArtifactStore store = LocalStore.open(config.storeDirectory());
        models = new RunningModels(store, pool, config.scratchDirectory());
        versions = new Versions(store, models);
        MetricGroup metrics = getRuntimeContext().getMetricGroup().addGroup("koine");
        announced = metrics.counter("versions");
        rejected = metrics.counter("rejections");
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
            ModelUpdate registered = versions.registered(turn, Events.registration(event));
            base.update(registered);
            announce(registered, out);
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
            announce(next(turn, expert, complete), out);
        } catch (RejectedException e) {
            rejected.inc();
            Stage stage = refused.isPresent() ? Stage.PRUNE : Stage.HEAD;
            context.output(Rejections.TAG, Rejections.of(event, expert.getExpertId(), stage, e));
        }
    }

    private ModelUpdate next(Turn turn, ExpertEvent expert, List<PrunedPiece> complete)
            throws RejectedException, IOException {
        if (expert.getAction() == ExpertAction.RETRACT) {
            return versions.retracted(base.value(), head.value(), turn, expert);
        }
        List<String> digests = complete.stream().map(PrunedPiece::getDigest).toList();
        return versions.merged(base.value(), head.value(), turn, expert, digests);
    }

    private void announce(ModelUpdate update, Collector<ModelUpdate> out) throws IOException {
        head.update(update);
        out.collect(update);
        announced.inc();
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
