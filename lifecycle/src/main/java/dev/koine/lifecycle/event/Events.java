package dev.koine.lifecycle.event;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.events.EventSize;
import dev.koine.events.Recipes;
import dev.koine.events.registry.EventFormat;
import dev.koine.flink.state.InboundEvent;
import dev.koine.schemas.CombineTerm;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.Recipe;
import dev.koine.schemas.UndecodableException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** Decodes inbound events and checks what can be checked in an event alone. */
public final class Events {
    private static final EventCodec<ModelRegistration> REGISTRATIONS = EventCodec.of(ModelRegistration.class);
    private static final EventCodec<ExpertEvent> EXPERTS = EventCodec.of(ExpertEvent.class);
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

    private static final int LONGEST_QUOTE = 160;
    private static final int MOST_TERMS = 64;

    private Events() {}

    /**
     * The registration in an event, which from here on knows its model id.
     *
     * @throws RejectedException {@link RejectionCode#UNDECODABLE} or {@link RejectionCode#INVALID_EVENT}
     */
    public static ModelRegistration registration(InboundEvent event) throws RejectedException {
        ModelRegistration registration = decode(REGISTRATIONS, event);
        requireId("modelId", registration.getModelId());
        event.setModelId(registration.getModelId());
        return registration;
    }

    /**
     * Settles the recipe of a registration that leaves it to the job, once and for all: the event that is passed on says it, so that a
     * later stage, or a release with another default, takes the model with the same one.
     *
     * @param registration what the event holds; has the recipe afterwards
     * @return the event itself if it has a recipe
     * @throws RejectedException {@link RejectionCode#INVALID_EVENT}
     */
    public static InboundEvent settleRecipe(InboundEvent event, ModelRegistration registration)
            throws RejectedException {
        Recipe settled = Recipes.settled(registration.getRecipe());
        if (settled.equals(registration.getRecipe())) {
            return event;
        }
        registration.setRecipe(settled);
        byte[] bytes = REGISTRATIONS.encode(registration);
        EventSize.require(bytes.length);
        return InboundEvent.newBuilder(event).setValue(ByteBuffer.wrap(bytes)).build();
    }

    /**
     * The expert event in an event, which from here on knows its model id.
     *
     * @throws RejectedException {@link RejectionCode#UNDECODABLE} or {@link RejectionCode#INVALID_EVENT}
     */
    public static ExpertEvent expert(InboundEvent event) throws RejectedException {
        ExpertEvent expert = decode(EXPERTS, event);
        requireId("modelId", expert.getModelId());
        event.setModelId(expert.getModelId());
        require(
                expert.getAction() != ExpertAction.UNKNOWN,
                "The action is not one that this version of Koine knows; upgrade the job, or send MERGE, RETRACT or ROLLBACK.");
        if (expert.getAction() == ExpertAction.ROLLBACK) {
            Long backTo = expert.getBackTo();
            require(
                    backTo != null && backTo >= 0 && expert.getExpertId().isEmpty(),
                    "A ROLLBACK event needs the version to go back to, from 0 up, and names no expert.");
            return expert;
        }
        requireId("expertId", expert.getExpertId());
        if (expert.getAction() == ExpertAction.MERGE) {
            double weight = expert.getWeight();
            requireSource(expert);
            require(
                    Double.isFinite(weight) && weight != 0,
                    "The weight is " + weight + "; give a finite number other than 0, such as 1.");
        }
        return expert;
    }

    private static void requireSource(ExpertEvent expert) throws RejectedException {
        List<CombineTerm> terms = expert.getCombine();
        require(
                expert.getBundle() == null || terms.isEmpty(),
                "A MERGE event needs either the expert's bundle or the experts inside that it is combined from; this one"
                        + " has both.");
        require(
                expert.getBundle() != null || !terms.isEmpty() || expert.getStatistics() != null,
                "A MERGE event needs either the expert's bundle or the experts inside that it is combined from, or statistics alone"
                        + " of a language to protect; this one has none.");
        require(
                terms.size() <= MOST_TERMS,
                "The expert is combined from " + terms.size() + " experts, and " + MOST_TERMS + " are the most.");
        Set<String> ids = new HashSet<>();
        for (CombineTerm term : terms) {
            requireId("expertId of a term", term.getExpertId());
            require(
                    Double.isFinite(term.getFactor()) && term.getFactor() != 0,
                    "The factor of '" + term.getExpertId() + "' is " + term.getFactor()
                            + "; give a finite number other than 0.");
            require(
                    ids.add(term.getExpertId()),
                    "The combination has '" + term.getExpertId() + "' twice; add its factors up.");
        }
        require(
                !ids.contains(expert.getExpertId()),
                "The expert '" + expert.getExpertId() + "' cannot be combined from itself. Give the combination another"
                        + " id, or submit the expert with another weight.");
    }

    /** Whether a MERGE event brings no task vector, only statistics of a language that others are not to change. */
    public static boolean isProtection(ExpertEvent event) {
        return event.getBundle() == null && event.getCombine().isEmpty();
    }

    /** The expert that an event is about; null where it is about none. */
    public static @Nullable String expertId(ExpertEvent event) {
        return event.getExpertId().isEmpty() ? null : event.getExpertId();
    }

    /**
     * Puts an event that has a schema registry's header into Koine's own encoding.
     *
     * @throws RejectedException {@link RejectionCode#UNDECODABLE}
     * @throws IOException if the registry does not answer
     */
    public static void translate(InboundEvent event, boolean isRegistration, EventFormat format)
            throws RejectedException, IOException {
        @Nullable ByteBuffer value = event.getValue();
        if (value == null || value.remaining() > EventSize.MOST) {
            return;
        }
        byte[] bytes = bytes(value);
        if (!format.needsRegistry(bytes)) {
            return;
        }
        try {
            event.setValue(ByteBuffer.wrap(
                    isRegistration
                            ? REGISTRATIONS.encode(format.decode(REGISTRATIONS, bytes))
                            : EXPERTS.encode(format.decode(EXPERTS, bytes))));
        } catch (UndecodableException e) {
            throw new RejectedException(RejectionCode.UNDECODABLE, String.valueOf(e.getMessage()));
        }
    }

    private static <T extends SpecificRecord> T decode(EventCodec<T> codec, InboundEvent event)
            throws RejectedException {
        @Nullable ByteBuffer value = event.getValue();
        if (value == null) {
            throw new RejectedException(
                    RejectionCode.UNDECODABLE,
                    "The record has no value. Koine does not delete models by tombstone; send a RETRACT event for each expert.");
        }
        EventSize.require(value.remaining());
        try {
            return codec.decode(bytes(value));
        } catch (UndecodableException e) {
            throw new RejectedException(RejectionCode.UNDECODABLE, String.valueOf(e.getMessage()));
        }
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    private static void requireId(String field, String id) throws RejectedException {
        require(
                ID.matcher(id).matches(),
                "The " + field + " '" + id.substring(0, Math.min(id.length(), LONGEST_QUOTE))
                        + "' is not usable as a name: give 1 to 128 letters, digits, '.', '_' or '-', beginning with a"
                        + " letter or digit.");
    }

    private static void require(boolean holds, String message) throws RejectedException {
        if (!holds) {
            throw new RejectedException(RejectionCode.INVALID_EVENT, message);
        }
    }
}
