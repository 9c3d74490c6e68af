package dev.koine.lifecycle.head;

import dev.koine.events.signature.SigningKey;
import dev.koine.flink.state.PieceSet;
import dev.koine.flink.state.PrunedPiece;
import dev.koine.flink.state.Turn;
import dev.koine.lifecycle.history.VersionRecords;
import dev.koine.lifecycle.state.Cell;
import dev.koine.lifecycle.state.Table;
import dev.koine.lifecycle.version.Line;
import dev.koine.lifecycle.version.Versions;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Rejection;
import java.io.IOException;
import java.time.InstantSource;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Works the events of models off in the order that intake numbered them in, each as soon as all of its pieces are there: has the
 * {@link Versions version} made, and only then moves the head and gives the update out. An event that is refused leaves totals, head
 * and state as they were.
 *
 * <p>What takes long is given out as work, to be done beside whoever calls this. State is as if the event had not begun until it is
 * {@linkplain #finish finished}: who starts again from there makes the same version again.
 */
public final class Head {
    private final State state;
    private final AnnouncedVersions announced;
    private final Turns turns;

    /**
     * State of the current model: identifiers and digests.
     *
     * @param base version 0
     * @param head the newest version
     * @param nextSequence the turn that is due
     * @param turns that are not worked off
     * @param pieces of these turns, that have come
     * @param records ids of the records of versions that were announced, by version
     */
    public record State(
            Cell<ModelUpdate> base,
            Cell<ModelUpdate> head,
            Cell<Long> nextSequence,
            Table<Long, Turn> turns,
            Table<Long, PieceSet> pieces,
            Table<Long, String> records) {}

    /** Where outcomes go. */
    public interface Output {
        void update(ModelUpdate update);

        void rejection(Rejection rejection);
    }

    /** @param signingKey signs the versions; null to leave them unsigned */
    public Head(
            State state,
            Versions versions,
            VersionRecords records,
            @Nullable SigningKey signingKey,
            InstantSource clock) {
        this.state = state;
        this.announced = new AnnouncedVersions(state.records(), records);
        this.turns = new Turns(versions, announced, records, signingKey, clock);
    }

    /** Takes a turn; it may have come before others. */
    public void take(Turn turn) throws IOException {
        state.turns().put(turn.getSequence(), turn);
    }

    /** Takes a piece; it may have come before its turn. */
    public void take(PrunedPiece piece) throws IOException {
        state.pieces().put(piece.getSequence(), Pieces.with(received(piece.getSequence()), piece));
    }

    /**
     * The work on the turn that is due, on copies, which may be done on another thread; null as long as something is missing for it.
     *
     * @throws IOException also from the work: trouble of our own
     */
    public @Nullable Callable<TurnResult> due() throws IOException {
        @Nullable Turn turn = state.turns().get(nextSequence());
        if (turn == null) {
            return null;
        }
        PieceSet complete = received(turn.getSequence());
        return complete.getReceived() < turn.getPieces()
                ? null
                : work(Turn.newBuilder(turn).build(), complete);
    }

    private Callable<TurnResult> work(Turn turn, PieceSet complete) throws IOException {
        if (turn.getSequence() == 0) {
            return turns.workOnRegistration(turn);
        }
        Line line = new Line(
                Objects.requireNonNull(state.base().get()),
                Objects.requireNonNull(state.head().get()));
        return turns.workOnExpert(turn, complete, line);
    }

    /**
     * Notes what the work on the turn that is due came to, and gives it out.
     *
     * @return the turn that is due now
     */
    public long finish(TurnResult made, Output out) throws IOException {
        long sequence = nextSequence();
        if (made instanceof TurnResult.Version version) {
            ModelUpdate update = version.update();
            if (sequence == 0) {
                state.base().set(update);
            }
            state.head().set(update);
            announced.add(update, version.record());
            out.update(update);
        } else if (made instanceof TurnResult.Refusal refusal) {
            out.rejection(refusal.rejection());
        }
        state.turns().remove(sequence);
        state.pieces().remove(sequence);
        state.nextSequence().set(sequence + 1);
        return sequence + 1;
    }

    /** @param last a turn of the current model that has come, as far as the caller knows */
    HeadProgress progress(long last) throws IOException {
        return HeadProgress.of(state, last);
    }

    private PieceSet received(long sequence) throws IOException {
        return Objects.requireNonNullElse(state.pieces().get(sequence), Pieces.NONE);
    }

    private long nextSequence() throws IOException {
        return Objects.requireNonNullElse(state.nextSequence().get(), 0L);
    }
}
