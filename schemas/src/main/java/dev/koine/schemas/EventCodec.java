package dev.koine.schemas;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DatumReader;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;

/**
 * Events to bytes and back, in Avro's single-object encoding: two marker bytes, the 64-bit fingerprint of the writer's schema, the
 * record. No registry is asked; events of older releases are read because their schemas travel in this jar. Safe for use by many
 * threads.
 *
 * @param <T> the event
 */
public final class EventCodec<T extends SpecificRecord> {
    private static final byte[] MARKER = {(byte) 0xC3, 0x01};
    private static final int HEADER_BYTES = MARKER.length + Long.BYTES;

    private final SpecificData model;
    private final Schema schema;
    private final BinaryMessageEncoder<T> encoder;
    private final Map<Long, Reader<T>> readers = new HashMap<>();

    private EventCodec(Class<T> type, Iterable<Schema> olderSchemas) {
        model = SpecificData.getForClass(type);
        schema = model.getSchema(type);
        encoder = new BinaryMessageEncoder<>(model, schema);
        for (Schema older : olderSchemas) {
            readers.put(SchemaNormalization.parsingFingerprint64(older), Reader.of(model, older, schema));
        }
        readers.put(SchemaNormalization.parsingFingerprint64(schema), Reader.of(model, schema, schema));
    }

    /** A codec that also reads what every released version of this schema wrote. */
    public static <T extends SpecificRecord> EventCodec<T> of(Class<T> type) {
        return new EventCodec<>(type, ReleasedSchemas.of(type));
    }

    /**
     * A codec that reads what the given schemas wrote, besides the type's own.
     *
     * @param olderSchemas writers' schemas that resolve to the type's own by Avro's rules
     */
    public static <T extends SpecificRecord> EventCodec<T> of(Class<T> type, Iterable<Schema> olderSchemas) {
        return new EventCodec<>(type, olderSchemas);
    }

    /** The event as a message of its own. */
    public byte[] encode(T event) {
        try {
            ByteBuffer bytes = encoder.encode(event);
            return Arrays.copyOfRange(
                    bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.arrayOffset() + bytes.limit());
        } catch (IOException e) {
            throw new UncheckedIOException("An encoder in memory reported an I/O error.", e);
        }
    }

    /** The event alone, without any header. */
    public byte[] encodeBody(T event) {
        byte[] message = encode(event);
        return Arrays.copyOfRange(message, HEADER_BYTES, message.length);
    }

    /** The schema that events are written with. */
    public Schema schema() {
        return schema;
    }

    /**
     * The event that a message holds.
     *
     * @throws UndecodableException if the bytes are not a whole event, or were written with a schema that is not known here
     */
    public T decode(byte[] message) throws UndecodableException {
        return decode(readerFor(message), message, HEADER_BYTES);
    }

    /**
     * The event that a message holds after a header that names its schema in another way.
     *
     * @param writer the schema that it was written with
     * @param headerBytes how many bytes of the message are not the event
     * @throws UndecodableException if the bytes are not a whole event, or their schema does not resolve to this one by Avro's rules
     */
    public T decode(Schema writer, byte[] message, int headerBytes) throws UndecodableException {
        SchemaCompatibility.SchemaPairCompatibility found =
                SchemaCompatibility.checkReaderWriterCompatibility(schema, writer);
        if (found.getType() != SchemaCompatibility.SchemaCompatibilityType.COMPATIBLE) {
            throw new UndecodableException("The message was written with a schema " + writer.getFullName()
                    + " that does not resolve to " + schema.getFullName()
                    + ". Send it to the topic that it belongs to, or write it with Koine's schema.");
        }
        return decode(Reader.of(model, writer, schema), message, headerBytes);
    }

    private T decode(Reader<T> reader, byte[] message, int headerBytes) throws UndecodableException {
        try {
            BinaryDecoder walk = body(message, headerBytes);
            new WireCheck(walk, message.length).walk(reader.writer());
            if (!walk.isEnd()) {
                throw new UndecodableException("Bytes are left over after the " + schema.getName()
                        + ". Send one event a message, as the schema in its header says.");
            }
            return reader.reader().read(null, body(message, headerBytes));
        } catch (IOException
                | AvroRuntimeException
                | ClassCastException
                | IndexOutOfBoundsException
                | UnsupportedOperationException
                | StackOverflowError e) {
            throw new UndecodableException(
                    "The message names a schema of " + schema.getName() + " but its " + message.length
                            + " bytes are not one (" + e
                            + "). Was it cut off, or written with another schema than its header says?",
                    e);
        }
    }

    private static BinaryDecoder body(byte[] message, int headerBytes) {
        return DecoderFactory.get().binaryDecoder(message, headerBytes, message.length - headerBytes, null);
    }

    private Reader<T> readerFor(byte[] message) throws UndecodableException {
        if (message.length < HEADER_BYTES || message[0] != MARKER[0] || message[1] != MARKER[1]) {
            throw new UndecodableException("The message of " + message.length
                    + " bytes is not an Avro single-object encoding, which starts with C3 01. Write it with the schema "
                    + schema.getFullName()
                    + " in that encoding; a schema registry's format is read where the registry is configured.");
        }
        long fingerprint = ByteBuffer.wrap(message, MARKER.length, Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .getLong();
        Reader<T> reader = readers.get(fingerprint);
        if (reader == null) {
            throw new UndecodableException("The message was written with a schema of fingerprint "
                    + Long.toHexString(fingerprint) + ", which is no known version of " + schema.getFullName()
                    + ". Send it to the topic that it belongs to, or update Koine if the writer is newer.");
        }
        return reader;
    }

    private record Reader<T>(Schema writer, DatumReader<T> reader) {
        @SuppressWarnings("unchecked")
        static <T> Reader<T> of(SpecificData model, Schema writer, Schema schema) {
            return new Reader<>(writer, (DatumReader<T>) model.createDatumReader(writer, schema));
        }
    }
}
