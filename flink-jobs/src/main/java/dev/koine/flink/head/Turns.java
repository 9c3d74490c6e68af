package dev.koine.flink.head;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.events.signature.SigningKey;
import dev.koine.events.signature.Statement;
import dev.koine.flink.source.Events;
import dev.koine.flink.state.PieceSet;
import dev.koine.flink.state.PrunedPiece;
import dev.koine.flink.state.Turn;
import dev.koine.flink.store.VersionRecords;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.ModelUpdate;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** What is to be done at an event's turn. The work is given copies: it runs beside the thread that goes on using state. */
final class Turns {
    private final Versions versions;
    private final AnnouncedVersions announced;
    private final VersionRecords records;
    private final @Nullable SigningKey signingKey;

    /** @param signingKey signs the versions; null to leave them unsigned */
    Turns(Versions versions, AnnouncedVersions announced, VersionRecords records, @Nullable SigningKey signingKey) {
        this.versions = versions;
        this.announced = announced;
        this.records = records;
        this.signingKey = signingKey;
    }

    /** The first and the newest version of a model. */
    record Line(ModelUpdate first, ModelUpdate newest) {}

    /** The work on a registration. */
    Callable<Made> register(Turn turn) throws RejectedException {
        ModelRegistration registration = Events.registration(turn.getEvent());
        return () -> made(() -> versions.registered(turn, registration));
    }

    /**
     * The work on an expert event.
     *
     * @param complete the pieces of the expert's task vector
     */
    Callable<Made> change(Turn turn, PieceSet complete, Line line) throws Exception {
        @Nullable PrunedPiece refused = complete.getRefused();
        if (refused != null) {
            RejectionCode code = RejectionCode.valueOf(refused.getRejectionCode());
            String message = refused.getRejectionMessage();
            return () -> new Made.Refusal(new RejectedException(code, message), null);
        }
        ExpertEvent expert = Events.expert(turn.getEvent());
        if (expert.getAction() == ExpertAction.RETRACT) {
            return () -> made(() -> versions.retracted(line, turn, expert));
        }
        if (expert.getAction() == ExpertAction.ROLLBACK) {
            Callable<ModelUpdate> old = announced.before(line.first(), line.newest(), expert.getBackTo());
            return () -> made(() -> versions.rolledBack(line, turn, old.call()));
        }
        List<String> digests = Pieces.digests(complete);
        return () -> made(() -> versions.merged(line, turn, expert, digests));
    }

    private Made made(Callable<ModelUpdate> version) throws Exception {
        try {
            ModelUpdate update = version.call();
            if (signingKey != null) {
                update.setSignature(signingKey.sign(Statement.of(update)));
            }
            return new Made.Version(update, records.put(update));
        } catch (GateRefusal refusal) {
            return new Made.Refusal(refusal.reason(), refusal.report());
        } catch (RejectedException e) {
            return new Made.Refusal(e, null);
        }
    }
}
