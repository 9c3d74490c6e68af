package dev.koine.beam;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.events.EventPublisher;
import dev.koine.events.EventSize;
import dev.koine.events.signature.SigningKey;
import dev.koine.events.signature.Statement;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.Position;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.avro.AvroRuntimeException;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.jspecify.annotations.Nullable;

/** Sends events one after the other, and waits for the broker to have each. */
final class SendFn extends DoFn<ExpertEvent, SentEvent> {
    private static final long serialVersionUID = 1L;
    private final KafkaAccess kafka;
    private final String topic;
    private final @Nullable String signingKey;
    private transient EventPublisher publisher;
    private transient @Nullable SigningKey key;

    SendFn(KafkaAccess kafka, String topic, @Nullable String signingKey) {
        this.kafka = kafka;
        this.topic = topic;
        this.signingKey = signingKey;
    }

    @Setup
    public void open() throws IOException, RejectedException {
        key = signingKey == null ? null : SigningKey.read(Path.of(signingKey));
        publisher = new EventPublisher(kafka.properties());
    }

    @Teardown
    public void close() {
        publisher.close();
    }

    @ProcessElement
    public void send(@Element ExpertEvent event, MultiOutputReceiver out) throws IOException {
        try {
            Position position = publish(signed(event));
            out.get(KoineSubmit.SENT)
                    .output(new SentEvent(
                            event.getModelId(),
                            event.getExpertId(),
                            event.getRevision(),
                            position.getTopic(),
                            position.getPartition(),
                            position.getOffset()));
        } catch (RejectedException e) {
            out.get(KoineSubmit.FAILED).output(SubmitFailure.of(event, e));
        }
    }

    /** A copy: what comes into a step is not to be changed. */
    private ExpertEvent signed(ExpertEvent event) throws RejectedException {
        if (event.getModelId().isBlank()) {
            throw new RejectedException(
                    RejectionCode.INVALID_EVENT,
                    "The event names no model. Give the id that the model was registered with.");
        }
        SigningKey own = key;
        if (own == null) {
            return event;
        }
        ExpertEvent copy = ExpertEvent.newBuilder(event).build();
        copy.setSignature(own.sign(Statement.of(copy)));
        return copy;
    }

    private Position publish(ExpertEvent event) throws IOException, RejectedException {
        try {
            EventSize.require(event, ExpertEvent.class);
            return publisher.publish(topic, event.getModelId(), event, ExpertEvent.class);
        } catch (AvroRuntimeException | NullPointerException | ClassCastException e) {
            throw new RejectedException(
                    RejectionCode.INVALID_EVENT,
                    "The event does not fit its schema: " + e.getMessage()
                            + ". Build it with ExpertEvent.newBuilder().");
        } catch (IOException e) {
            if (e.getCause() != null && e.getCause().getCause() instanceof RecordTooLargeException) {
                throw new RejectedException(
                        RejectionCode.TOO_LARGE,
                        "The topic " + topic + " takes no message as large as this event, which Koine does. Raise its"
                                + " max.message.bytes to 1048588, Kafka's default.");
            }
            throw e;
        }
    }
}
