package dev.koine.lifecycle.head;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.events.signature.SigningKey;
import dev.koine.events.signature.Statement;
import dev.koine.flink.state.InboundEvent;
import dev.koine.flink.state.PieceSet;
import dev.koine.flink.state.PrunedPiece;
import dev.koine.flink.state.Turn;
import dev.koine.lifecycle.event.Events;
import dev.koine.lifecycle.event.Rejections;
import dev.koine.lifecycle.event.Stage;
import dev.koine.lifecycle.history.VersionRecords;
import dev.koine.lifecycle.version.Arrival;
import dev.koine.lifecycle.version.Line;
import dev.koine.lifecycle.version.Versions;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** What is to be done at an event's turn. The work is given copies: it runs beside the thread that goes on using state. */
final class Turns {
    private final Versions versions;
    private final AnnouncedVersions announced;
    private final VersionRecords records;
    private final @Nullable SigningKey signingKey;
    private final InstantSource clock;

    /** @param signingKey signs the versions; null to leave them unsigned */
    Turns(
            Versions versions,
            AnnouncedVersions announced,
            VersionRecords records,
            @Nullable SigningKey signingKey,
            InstantSource clock) {
        this.versions = versions;
        this.announced = announced;
        this.records = records;
        this.signingKey = signingKey;
        this.clock = clock;
    }

    private interface Work {
        ModelUpdate run() throws RejectedException, IOException;
    }

    /** The work on a registration. */
    Callable<TurnResult> workOnRegistration(Turn turn) {
        return () -> made(
                turn.getEvent(), null, () -> versions.registered(arrival(turn), Events.registration(turn.getEvent())));
    }

    /**
     * The work on an expert event.
     *
     * @param complete the pieces of the expert's task vector
     */
    Callable<TurnResult> workOnExpert(Turn turn, PieceSet complete, Line line) throws IOException {
        ExpertEvent expert;
        try {
            expert = Events.expert(turn.getEvent());
        } catch (RejectedException e) {
            return () -> refused(turn.getEvent(), null, Stage.HEAD, e);
        }
        @Nullable String expertId = Events.expertId(expert);
        @Nullable PrunedPiece refused = complete.getRefused();
        if (refused != null) {
            RejectionCode code = RejectionCode.valueOf(refused.getRejectionCode());
            RejectedException reason = new RejectedException(code, refused.getRejectionMessage());
            return () -> refused(turn.getEvent(), expertId, Stage.PRUNE, reason);
        }
        Work work = work(turn, expert, complete, line);
        return () -> made(turn.getEvent(), expertId, work);
    }

    private Work work(Turn turn, ExpertEvent expert, PieceSet complete, Line line) throws IOException {
        Arrival arrival = arrival(turn);
        if (expert.getAction() == ExpertAction.RETRACT) {
            return () -> versions.retracted(line, arrival, expert);
        }
        if (expert.getAction() == ExpertAction.ROLLBACK) {
            AnnouncedVersions.Lookup old = announced.before(line, expert.getBackTo());
            return () -> versions.rolledBack(line, arrival, old.find());
        }
        List<String> pieces = Pieces.digests(complete);
        return () -> versions.merged(line, arrival, expert, pieces);
    }

    private static Arrival arrival(Turn turn) {
        return new Arrival(Rejections.position(turn.getEvent()), turn.getBundleDigest());
    }

    private TurnResult made(InboundEvent event, @Nullable String expertId, Work version) throws IOException {
        try {
            ModelUpdate update = signed(version.run());
            return new TurnResult.Version(update, records.put(update));
        } catch (RejectedException e) {
            return refused(event, expertId, Stage.HEAD, e);
        }
    }

    private ModelUpdate signed(ModelUpdate update) throws RejectedException {
        return signingKey == null
                ? update
                : ModelUpdate.newBuilder(update)
                        .setSignature(signingKey.sign(Statement.of(update)))
                        .build();
    }

    private TurnResult refused(InboundEvent event, @Nullable String expertId, Stage stage, RejectedException reason) {
        return new TurnResult.Refusal(Rejections.of(event, expertId, stage, reason, clock.instant()));
    }
}
