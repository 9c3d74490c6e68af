package dev.koine.sim.check;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.schemas.Rejection;
import dev.koine.sim.check.Violation.Promise;
import dev.koine.sim.job.InputTopic;
import dev.koine.sim.script.Library;
import dev.koine.sim.script.Planned;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * Plays the events of one model in the order in which they came, knowing nothing of the lifecycle's code, and says where an outcome is
 * another than it should be.
 */
final class Oracle {
    private final Map<String, InputTopic> topics;
    private final Outcomes outcomes;
    private final Setting setting;
    private final Consumer<Violation> violations;
    private final Map<String, Long> newestSigned = new HashMap<>();
    private final List<Position> waiting = new ArrayList<>();
    private @Nullable OracleModel model;

    /**
     * How the job is set up.
     *
     * @param signed whether signatures are required
     * @param kept how many versions retention keeps; 0 for all
     * @param grace how long an expert waits for its model
     */
    record Setting(Reference reference, Library library, boolean signed, int kept, Duration grace) {}

    Oracle(Map<String, InputTopic> topics, Outcomes outcomes, Setting setting, Consumer<Violation> violations) {
        this.topics = topics;
        this.outcomes = outcomes;
        this.setting = setting;
        this.violations = violations;
    }

    /** Plays all events of a model. */
    void play(List<Position> order) throws IOException, RejectedException {
        for (Position position : order) {
            Planned planned = sent(position).planned();
            if (planned.registration() != null) {
                register(position, planned);
            } else if (model != null) {
                expert(position, planned, model);
            } else if (isRefused(position, RejectionCode.UNKNOWN_MODEL)) {
                requirePatience(position);
            } else {
                waiting.add(position);
            }
        }
        for (Position position : waiting) {
            wrong(position, "UNKNOWN_MODEL");
        }
    }

    private void register(Position position, Planned planned) throws IOException, RejectedException {
        if (model != null) {
            expect(position, RejectionCode.MODEL_EXISTS);
            return;
        }
        @Nullable RejectionCode signature = signature(planned);
        if (signature != null) {
            expect(position, signature);
            return;
        }
        if (!planned.refusals().isEmpty()) {
            expect(position, planned.refusals());
            return;
        }
        OracleModel registered = new OracleModel(Objects.requireNonNull(planned.registration()), setting);
        model = registered;
        expect(position, registered.register());
        List<Position> waited = List.copyOf(waiting);
        waiting.clear();
        for (Position early : waited) {
            expert(early, sent(early).planned(), registered);
        }
    }

    private void expert(Position position, Planned planned, OracleModel inside) throws IOException, RejectedException {
        @Nullable RejectionCode signature = signature(planned);
        if (signature != null) {
            expect(position, signature);
            return;
        }
        boolean isRefusal = planned.refusals().stream().anyMatch(code -> isRefused(position, code));
        if (isRefusal || (!planned.refusals().isEmpty() && !planned.mayPass())) {
            expect(position, planned.refusals());
            if (!planned.refusals().contains(RejectionCode.NON_FINITE)) {
                return;
            }
            taken(planned);
            return;
        }
        taken(planned);
        expect(position, inside.change(Objects.requireNonNull(planned.expert()), code(position)));
    }

    private @Nullable RejectionCode signature(Planned planned) {
        if (!setting.signed()) {
            return null;
        }
        if (planned.signing() == Planned.Signing.NOBODY) {
            return RejectionCode.UNSIGNED;
        }
        if (planned.signing() == Planned.Signing.STRANGER) {
            return RejectionCode.BAD_SIGNATURE;
        }
        @Nullable ExpertEvent expert = planned.expert();
        @Nullable Long newest = expert == null ? null : newestSigned.get(expert.getExpertId());
        boolean isOld = expert != null && newest != null && expert.getTime().toEpochMilli() <= newest;
        return isOld ? RejectionCode.BAD_SIGNATURE : null;
    }

    private void taken(Planned planned) {
        @Nullable ExpertEvent expert = planned.expert();
        if (setting.signed() && expert != null) {
            newestSigned.put(expert.getExpertId(), expert.getTime().toEpochMilli());
        }
    }

    private InputTopic.Sent sent(Position position) {
        return Objects.requireNonNull(topics.get(position.getTopic()))
                .partition(position.getPartition())
                .get((int) position.getOffset());
    }

    private @Nullable SpecificRecord outcome(Position position) {
        List<SpecificRecord> all = outcomes.of(Outcomes.key(position));
        return all.isEmpty() ? null : all.get(0);
    }

    private @Nullable String code(Position position) {
        return outcome(position) instanceof Rejection rejection ? rejection.getCode() : null;
    }

    private boolean isRefused(Position position, RejectionCode code) {
        return code.name().equals(code(position));
    }

    private void requirePatience(Position position) {
        Rejection rejection = (Rejection) Objects.requireNonNull(outcome(position));
        long waited = rejection.getTime().toEpochMilli() - sent(position).time();
        if (waited < setting.grace().toMillis()) {
            violations.accept(new Violation(
                    Promise.RIGHT_OUTCOME,
                    Outcomes.key(position) + " waited for its model for " + waited + " ms only"));
        }
    }

    private void expect(Position position, RejectionCode code) {
        expect(position, Set.of(code));
    }

    private void expect(Position position, Set<RejectionCode> codes) {
        @Nullable String found = code(position);
        if (found == null || codes.stream().noneMatch(code -> code.name().equals(found))) {
            wrong(position, codes.toString());
        }
    }

    private void expect(Position position, OracleModel.Expected expected) {
        if (expected.refusal() != null) {
            expect(position, expected.refusal());
            return;
        }
        if (!(outcome(position) instanceof ModelUpdate update)) {
            wrong(position, "version " + expected.version());
            return;
        }
        List<String> differences = expected.differences(update);
        if (!differences.isEmpty()) {
            violations.accept(new Violation(
                    differences.get(0).startsWith("digest") ? Promise.DIGEST : Promise.RIGHT_OUTCOME,
                    Outcomes.key(position) + ": version " + update.getVersion() + " of " + update.getModelId() + ", "
                            + differences));
        }
    }

    private void wrong(Position position, String expected) {
        @Nullable SpecificRecord found = outcome(position);
        if (found == null) {
            return;
        }
        violations.accept(new Violation(
                Promise.RIGHT_OUTCOME,
                Outcomes.key(position) + " should be " + expected + " and is "
                        + (found instanceof ModelUpdate update
                                ? "version " + update.getVersion()
                                : code(position) + " (" + ((Rejection) found).getMessage() + ")")));
    }
}
