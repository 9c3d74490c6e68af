package dev.koine.events;

import dev.koine.events.registry.EventFormat;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Reads the updates of all models, committed ones only; what is none is skipped. For use by one thread. */
public final class UpdateReader implements AutoCloseable {
    private final EventCodec<ModelUpdate> updates = EventCodec.of(ModelUpdate.class);
    private final EventFormat format;
    private final TopicReader reader;

    /**
     * @param kafka client properties; {@link EventFormat} reads those of a schema registry
     * @throws IOException if the broker does not answer, or has no such topic
     */
    public UpdateReader(Properties kafka, String topic) throws IOException {
        this.format = EventFormat.of(kafka);
        this.reader = new TopicReader(kafka, List.of(topic));
        if (reader.isEmpty()) {
            reader.close();
            throw new IOException("The broker has no topic " + topic + "; is the merge job set up there?");
        }
    }

    /**
     * Everything from the beginning up to now.
     *
     * @throws IOException as {@link #poll}
     */
    public List<ModelUpdate> readAll() throws IOException {
        return decoded(reader.readAll());
    }

    /**
     * What was committed since the last reading; waits a moment if that is nothing.
     *
     * @throws IOException if a schema registry that is asked for does not answer; read on with another reader
     */
    public List<ModelUpdate> poll() throws IOException {
        return decoded(reader.poll());
    }

    private List<ModelUpdate> decoded(Iterable<ConsumerRecord<byte[], byte[]>> messages) throws IOException {
        List<ModelUpdate> found = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> message : messages) {
            TopicReader.decoded(message, format, updates).ifPresent(found::add);
        }
        return found;
    }

    @Override
    public void close() {
        reader.close();
    }
}
