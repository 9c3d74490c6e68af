package dev.koine.events.inband;

import dev.koine.schemas.ArtifactChunk;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.UndecodableException;

/** Chunks to the values of messages and back. A schema registry is never asked: values are Avro's single-object encoding wherever they are. */
final class Chunks {
    private static final EventCodec<ArtifactChunk> CODEC = EventCodec.of(ArtifactChunk.class);

    /** The largest value: a chunk, its other fields, and what Avro puts around them. */
    private static final int MOST_BYTES = ChunkedFile.CHUNK_BYTES + 256;

    private Chunks() {}

    static byte[] encode(ArtifactChunk chunk) {
        return CODEC.encode(chunk);
    }

    /**
     * The chunk in a message.
     *
     * @throws UndecodableException if it is none of a file of this digest and size, at this key
     */
    static ArtifactChunk decode(ChunkKey key, byte[] value, ChunkedFile file) throws UndecodableException {
        ArtifactChunk chunk = decode(key, value);
        if (!file.has(chunk)) {
            throw new UndecodableException("It is no chunk of a file of " + file.size() + " bytes.");
        }
        return chunk;
    }

    /**
     * The chunk in a message, of a file of whatever size.
     *
     * @throws UndecodableException if it is none, or one of another key
     */
    static ArtifactChunk decode(ChunkKey key, byte[] value) throws UndecodableException {
        if (value.length > MOST_BYTES) {
            throw new UndecodableException(
                    "It has " + value.length + " bytes, and a chunk at most " + MOST_BYTES + ".");
        }
        ArtifactChunk chunk = CODEC.decode(value);
        boolean isPossible = chunk.getSize() >= 0 && chunk.getSize() <= ChunkedFile.MOST_BYTES;
        if (!isPossible
                || chunk.getIndex() != key.index()
                || !new ChunkedFile(key.sha256(), chunk.getSize()).has(chunk)) {
            throw new UndecodableException("It is not the chunk that its key names.");
        }
        return chunk;
    }
}
