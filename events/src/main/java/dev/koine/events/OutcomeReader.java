package dev.koine.events;

import dev.koine.events.registry.EventFormat;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.schemas.Rejection;
import dev.koine.schemas.Topics;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Reads updates and rejections, committed ones only; what is neither is skipped. Starts where the topics ended when it was
 * made, so that nothing that comes after is missed. For use by one thread.
 */
public final class OutcomeReader implements AutoCloseable {
    private final EventCodec<ModelUpdate> updates = EventCodec.of(ModelUpdate.class);
    private final EventCodec<Rejection> rejections = EventCodec.of(Rejection.class);
    private final EventFormat format;
    private final Topics topics;
    private final TopicReader reader;

    /**
     * @param kafka client properties; {@link EventFormat} reads those of a schema registry
     * @throws IOException if the broker does not answer, or has no such topics
     */
    public OutcomeReader(Properties kafka, Topics topics) throws IOException {
        this.topics = topics;
        this.format = EventFormat.of(kafka);
        this.reader = new TopicReader(kafka, List.of(topics.updates(), topics.rejections()));
        if (reader.isEmpty()) {
            reader.close();
            throw new IOException("The broker has no topic " + topics.updates() + "; is the merge job set up there?");
        }
    }

    /** Everything from the beginning up to now, each topic in order. */
    public List<Outcome> readAll() throws IOException {
        return decoded(reader.readAll());
    }

    /**
     * Waits for what becomes of an event.
     *
     * @return empty if nothing did within the time
     * @throws IOException as {@link #poll}
     */
    public Optional<Outcome> await(Position event, Duration timeout) throws IOException {
        Instant deadline = Instant.now().plus(timeout);
        while (Instant.now().isBefore(deadline)) {
            Optional<Outcome> found = poll().stream()
                    .filter(outcome -> isSame(outcome.event(), event))
                    .findFirst();
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    /**
     * What was committed since the last reading or else since this was made, each topic in order; waits a moment if that is nothing.
     *
     * @throws IOException if a schema registry that is asked for does not answer; read on with another reader
     */
    public List<Outcome> poll() throws IOException {
        return decoded(reader.poll());
    }

    private List<Outcome> decoded(Iterable<ConsumerRecord<byte[], byte[]>> messages) throws IOException {
        List<Outcome> outcomes = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> message : messages) {
            (message.topic().equals(topics.updates())
                            ? TopicReader.decoded(message, format, updates).map(Outcome.Updated::new)
                            : TopicReader.decoded(message, format, rejections).map(Outcome.Rejected::new))
                    .ifPresent(outcomes::add);
        }
        return outcomes;
    }

    private static boolean isSame(Position a, Position b) {
        return a.getTopic().equals(b.getTopic())
                && a.getPartition() == b.getPartition()
                && a.getOffset() == b.getOffset();
    }

    @Override
    public void close() {
        reader.close();
    }
}
