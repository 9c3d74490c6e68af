package dev.koine.events.inband;

import dev.koine.schemas.ArtifactChunk;
import dev.koine.schemas.UndecodableException;
import java.io.IOException;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** Which chunks the topic has, by the last message under each key. Safe for use by the threads that send. */
final class SentChunks {
    private final Map<String, Sent> files = new HashMap<>();

    private record Sent(long size, BitSet chunks) {}

    /** Reads the whole topic. */
    static SentChunks read(ArtifactsTopic topic) throws IOException {
        SentChunks sent = new SentChunks();
        Map<TopicPartition, Long> ends = topic.ends();
        Map<TopicPartition, Span> spans = new HashMap<>();
        topic.beginnings()
                .forEach((partition, first) ->
                        spans.put(partition, new Span(first, ends.getOrDefault(partition, first))));
        topic.read(spans, sent::note);
        return sent;
    }

    private void note(ConsumerRecord<byte[], byte[]> message) {
        Optional<ChunkKey> key = ChunkKey.of(message.key());
        byte @Nullable [] value = message.value();
        if (key.isEmpty()) {
            return;
        }
        try {
            if (value != null) {
                note(Chunks.decode(key.get(), value));
                return;
            }
        } catch (UndecodableException e) {
            files.putIfAbsent(key.get().sha256(), new Sent(0, new BitSet()));
        }
        @Nullable Sent sent = files.get(key.get().sha256());
        if (sent != null) {
            sent.chunks().clear(key.get().index());
        }
    }

    private void note(ArtifactChunk chunk) {
        Sent sent = files.computeIfAbsent(chunk.getSha256(), added -> new Sent(chunk.getSize(), new BitSet()));
        if (sent.size() == chunk.getSize()) {
            sent.chunks().set(chunk.getIndex());
        } else {
            sent.chunks().clear(chunk.getIndex());
        }
    }

    /** Whether a chunk is there. */
    synchronized boolean has(ChunkedFile file, int index) {
        return of(file).get(index);
    }

    /** Whether all chunks are there. */
    synchronized boolean hasAll(ChunkedFile file) {
        return of(file).cardinality() == file.count();
    }

    /** The broker has confirmed a chunk. */
    synchronized void add(ChunkedFile file, int index) {
        of(file).set(index);
    }

    private BitSet of(ChunkedFile file) {
        Sent sent = files.compute(
                file.sha256(),
                (sha256, known) ->
                        known == null || known.size() != file.size() ? new Sent(file.size(), new BitSet()) : known);
        return sent.chunks();
    }

    /** The digests of the files that something is there of. */
    synchronized Set<String> files() {
        return new TreeSet<>(files.keySet());
    }

    /** The numbers of the chunks that are there of a file. */
    synchronized int[] chunks(String sha256) {
        @Nullable Sent sent = files.get(sha256);
        return sent == null ? new int[0] : sent.chunks().stream().toArray();
    }

    /** A file is taken away. */
    synchronized void remove(String sha256) {
        files.remove(sha256);
    }
}
