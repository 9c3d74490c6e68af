package dev.koine.lifecycle.head;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.flink.state.InboundEvent;
import dev.koine.flink.state.PieceSet;
import dev.koine.flink.state.Turn;
import dev.koine.lifecycle.metric.FakeInstruments;
import dev.koine.lifecycle.metric.GateVerdict;
import dev.koine.lifecycle.state.Cell;
import dev.koine.lifecycle.state.Table;
import dev.koine.schemas.Bundle;
import dev.koine.schemas.Change;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import dev.koine.testkit.Updates;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class HeadMetricsTest {
    private static final long SENT = 1_000_000;

    private final Memory<Long> next = new Memory<>();
    private final Memory<ModelUpdate> newest = new Memory<>();
    private final MemoryTable<Turn> turns = new MemoryTable<>();
    private final Head.State state =
            new Head.State(new Memory<>(), newest, next, turns, new MemoryTable<PieceSet>(), new MemoryTable<String>());
    private final FakeInstruments told = new FakeInstruments();
    private Instant now = Instant.ofEpochMilli(SENT + 2500);
    private final HeadMetrics metrics = new HeadMetrics(told, () -> now);

    @Test
    void saysWhatWaitsAndSinceWhen() throws Exception {
        come(0);
        assertThat(told.gauge("queue.events[ctc]")).isEqualTo(1);
        assertThat(told.gauge("queue.oldest_seconds[ctc]")).isEqualTo(2.5);
        assertThat(told.gauge("version.newest[ctc]")).isEqualTo(-1);
        assertThat(told.gauge("version.newest_age_seconds[ctc]")).isZero();
        come(1);
        come(2);
        assertThat(told.gauge("queue.events[ctc]")).isEqualTo(3);
        finish();
        assertThat(told.gauge("queue.events[ctc]")).isEqualTo(2);
        assertThat(told.gauge("queue.oldest_seconds[ctc]")).isEqualTo(1.5);
        now = now.plusSeconds(60);
        assertThat(told.gauge("queue.oldest_seconds[ctc]")).isEqualTo(61.5);
        finish();
        finish();
        assertThat(told.gauge("queue.events[ctc]")).isZero();
        assertThat(told.gauge("queue.oldest_seconds[ctc]")).isZero();
    }

    @Test
    void findsWhatWaitedBeforeAStart() throws Exception {
        next.set(7L);
        turns.put(7L, turn(7));
        turns.put(8L, turn(8));
        turns.put(9L, turn(9));
        turns.put(11L, turn(11));
        look();
        assertThat(told.gauge("queue.events[ctc]"))
                .as("up to the gap, which the next turn fills")
                .isEqualTo(3);
        come(10);
        assertThat(told.gauge("queue.events[ctc]")).isEqualTo(5);
    }

    @Test
    void saysWhatIsInsideTheNewestVersion() throws Exception {
        ModelUpdate update = Updates.of("ctc", 4, "sha256:0", new Bundle("file:///store/", List.of()));
        update.setTime(now.minusSeconds(90));
        update.setExperts(List.of(expert("pt-BR", "pt"), expert("PT", "de")));
        newest.set(update);
        look();
        assertThat(told.gauge("version.newest[ctc]")).isEqualTo(4);
        assertThat(told.gauge("version.newest_age_seconds[ctc]")).isEqualTo(90);
        assertThat(told.gauge("version.experts[ctc]")).isEqualTo(2);
        assertThat(told.gauge("version.languages[ctc]")).isEqualTo(2);
    }

    @Test
    void countsVersionsByWhatWasDone() {
        ModelUpdate update = Updates.of("ctc", 1, "sha256:0", new Bundle("file:///store/", List.of()));
        metrics.made(update);
        update.getCause().setChange(Change.ROLLED_BACK);
        metrics.made(update);
        assertThat(told.counters)
                .containsEntry("version.made_total[ctc, merged]", 1L)
                .containsEntry("version.made_total[ctc, rolled_back]", 1L);
    }

    @Test
    void countersOfAModelBeginAtNothing() throws Exception {
        come(0);
        assertThat(told.counters)
                .containsEntry("version.made_total[ctc, rolled_back]", 0L)
                .containsEntry("gate.verdicts_total[ctc, refused]", 0L)
                .hasSize(Change.values().length + GateVerdict.values().length);
    }

    @Test
    void anEventWithoutATimestampIsNotOld() throws Exception {
        Turn turn = turn(0);
        turn.getEvent().setTimestamp(-1L);
        turns.put(0L, turn);
        look();
        assertThat(told.gauge("queue.events[ctc]")).isEqualTo(1);
        assertThat(told.gauge("queue.oldest_seconds[ctc]")).isZero();
    }

    private void come(long sequence) throws Exception {
        turns.put(sequence, turn(sequence));
        look();
    }

    private void finish() throws Exception {
        Long done = next.get();
        long sequence = done == null ? 0 : done;
        turns.remove(sequence);
        next.set(sequence + 1);
        look();
    }

    private void look() throws Exception {
        metrics.look("ctc", last -> HeadProgress.of(state, last));
    }

    /** Each is sent a second after the one before. */
    private static Turn turn(long sequence) {
        InboundEvent event = InboundEvent.newBuilder()
                .setModelId("ctc")
                .setTopic("koine.experts")
                .setPartition(0)
                .setOffset(sequence)
                .setTimestamp(SENT + 1000 * sequence)
                .build();
        return Turn.newBuilder()
                .setModelId("ctc")
                .setSequence(sequence)
                .setEvent(event)
                .setPieces(0)
                .build();
    }

    private static MergedExpert expert(String... languages) {
        return MergedExpert.newBuilder()
                .setExpertId(languages[0])
                .setRevision(1)
                .setLanguages(List.of(languages))
                .setTasks(List.of())
                .setWeight(1)
                .setBundleDigest("")
                .setTaskVectorDigest("")
                .build();
    }

    private static final class Memory<T> implements Cell<T> {
        private @Nullable T value;

        @Override
        public @Nullable T get() {
            return value;
        }

        @Override
        public void set(T value) {
            this.value = value;
        }
    }

    private static final class MemoryTable<V> implements Table<Long, V> {
        private final Map<Long, V> values = new HashMap<>();

        @Override
        public @Nullable V get(Long key) {
            return values.get(key);
        }

        @Override
        public void put(Long key, V value) {
            values.put(key, value);
        }

        @Override
        public void remove(Long key) {
            values.remove(key);
        }
    }
}
