package dev.koine.events.inband;

import dev.koine.schemas.ArtifactChunk;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Sends chunks, and waits where the broker is slower than the disk: what is on its way is bounded, nothing is dropped. For use by one thread. */
final class ChunkSender implements AutoCloseable {
    /** By which quotas of a broker know who sends. */
    static final String CLIENT_ID = "koine-relay";

    private static final int ON_THE_WAY_BYTES = 32 << 20;
    private static final int BATCH_BYTES = 256 << 10;
    private static final int LINGER_MILLIS = 20;

    private final KafkaProducer<byte[], byte[]> producer;
    private final String topic;
    private final SentChunks sent;
    private final AtomicReference<Exception> failure = new AtomicReference<>();

    /**
     * @param kafka client properties
     * @param compression as producers name it
     * @param sent hears what the broker has
     */
    ChunkSender(Properties kafka, String topic, String compression, SentChunks sent) throws IOException {
        Properties properties = new Properties();
        properties.putAll(kafka);
        properties.remove("default.api.timeout.ms");
        properties.putIfAbsent(ProducerConfig.CLIENT_ID_CONFIG, CLIENT_ID);
        properties.putIfAbsent(ProducerConfig.BUFFER_MEMORY_CONFIG, ON_THE_WAY_BYTES);
        properties.put(ProducerConfig.BATCH_SIZE_CONFIG, BATCH_BYTES);
        properties.put(ProducerConfig.LINGER_MS_CONFIG, LINGER_MILLIS);
        properties.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, compression);
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        this.topic = topic;
        this.sent = sent;
        try {
            this.producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
        } catch (KafkaException e) {
            throw new IOException("Chunks cannot be sent: " + e.getMessage(), e);
        }
    }

    /**
     * Sends the chunks of a file that are not there. When this returns, the broker has all of them.
     *
     * @param all whether those that are there are sent, too
     * @param in the bytes of the file
     * @return how many were sent
     * @throws IOException if the file cannot be read or is shorter than is said, or the broker does not take a chunk; those that it took are not sent again
     */
    int send(ChunkedFile file, InputStream in, boolean all) throws IOException {
        int chunks = 0;
        for (int i = 0; i < file.count(); i++) {
            if (!all && sent.has(file, i)) {
                in.skipNBytes(file.length(i));
                continue;
            }
            byte[] bytes = in.readNBytes(file.length(i));
            if (bytes.length < file.length(i)) {
                throw new IOException(
                        "The file of digest " + file.sha256() + " has become shorter than " + file.size() + " bytes.");
            }
            ArtifactChunk chunk = file.chunk(i, ByteBuffer.wrap(bytes));
            int index = i;
            send(new ChunkKey(file.sha256(), i), Chunks.encode(chunk), () -> sent.add(file, index));
            chunks++;
        }
        flush();
        return chunks;
    }

    /** Takes a file away: compaction leaves nothing of it. */
    void remove(String sha256) throws IOException {
        for (int index : sent.chunks(sha256)) {
            send(new ChunkKey(sha256, index), null, () -> {});
        }
        flush();
        sent.remove(sha256);
    }

    private void send(ChunkKey key, byte @Nullable [] value, Runnable whenThere) throws IOException {
        Callback callback = (place, e) -> {
            if (e == null) {
                whenThere.run();
            } else {
                failure.compareAndSet(null, e);
            }
        };
        try {
            producer.send(new ProducerRecord<>(topic, key.bytes(), value), callback);
        } catch (InterruptException e) {
            throw interrupted(e);
        } catch (KafkaException e) {
            failure.compareAndSet(null, e);
        }
        requireTaken();
    }

    private void flush() throws IOException {
        try {
            producer.flush();
        } catch (InterruptException e) {
            throw interrupted(e);
        }
        requireTaken();
    }

    private void requireTaken() throws IOException {
        Exception e = failure.get();
        if (e instanceof InterruptException) {
            throw interrupted(e);
        }
        if (e != null) {
            throw new IOException("The broker did not take a chunk: " + e.getMessage(), e);
        }
    }

    private static InterruptedIOException interrupted(Exception e) {
        InterruptedIOException interrupted = new InterruptedIOException("Interrupted while sending chunks");
        interrupted.initCause(e);
        return interrupted;
    }

    /** Gives up what is still on its way, after trouble; otherwise there is nothing. */
    @Override
    public void close() {
        producer.close(Duration.ZERO);
    }
}
