package dev.koine.events.inband;

import dev.koine.schemas.UndecodableException;
import java.io.IOException;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** Looks at messages as they pass: takes chunks that are waited for, notes where others are, counts what is none. */
final class Passed implements ArtifactsTopic.Reader {
    private static final int FORCED_AT_ONCE = 32;

    private final Spool spool;
    private final Coverage coverage;
    private final boolean newestWins;
    private int notForced;
    private long strange;
    private @Nullable String first;

    /** @param newestWins whether, of several chunks under one key, the last is taken and not the first */
    Passed(Spool spool, Coverage coverage, boolean newestWins) {
        this.spool = spool;
        this.coverage = coverage;
        this.newestWins = newestWins;
    }

    @Override
    public void read(ConsumerRecord<byte[], byte[]> message) throws IOException {
        Optional<ChunkKey> key = ChunkKey.of(message.key());
        byte @Nullable [] value = message.value();
        if (key.isEmpty()) {
            count(message, "its key is none of a chunk");
        } else if (value != null) {
            String sha256 = key.get().sha256();
            coverage.note(sha256, new TopicPartition(message.topic(), message.partition()), message.offset());
            @Nullable ChunkedFile wanted = spool.wanted(sha256);
            if (wanted != null) {
                take(message, key.get(), value, wanted);
            }
        }
    }

    /** Forces to the disk what has come, so that a process that is killed loses little. */
    @Override
    public boolean hasEnough() throws IOException {
        if (notForced >= FORCED_AT_ONCE) {
            spool.force();
            notForced = 0;
        }
        return !newestWins && spool.isComplete();
    }

    private void take(ConsumerRecord<byte[], byte[]> message, ChunkKey key, byte[] value, ChunkedFile wanted)
            throws IOException {
        try {
            if (spool.put(Chunks.decode(key, value, wanted), newestWins)) {
                notForced++;
            }
        } catch (UndecodableException e) {
            count(message, String.valueOf(e.getMessage()));
        }
    }

    private void count(ConsumerRecord<byte[], byte[]> message, String why) {
        strange++;
        if (first == null) {
            first = "offset " + message.offset() + " of partition " + message.partition() + ": " + why;
        }
    }

    /** Says how much was passed over that should not be there. */
    void tell(Logger log, String topic) {
        if (strange > 0) {
            log.warn("Passed over {} messages of {} that are no chunks, the first at {}", strange, topic, first);
        }
    }
}
