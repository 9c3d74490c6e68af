package dev.koine.schemas;

import java.io.EOFException;
import java.io.IOException;
import org.apache.avro.Schema;
import org.apache.avro.io.Decoder;

/**
 * Walks over an encoded record without building it. Avro's readers allocate what a length in the message says before they look
 * whether the bytes are there, so a message of twenty bytes could ask for gigabytes; what passes this walk holds all that it claims.
 */
final class WireCheck {
    private final Decoder decoder;
    private final int limit;

    /**
     * @param decoder stands at the start of the record
     * @param limit of any length in it, in bytes
     */
    WireCheck(Decoder decoder, int limit) {
        this.decoder = decoder;
        this.limit = limit;
    }

    void walk(Schema schema) throws IOException {
        switch (schema.getType()) {
            case RECORD -> {
                for (Schema.Field field : schema.getFields()) {
                    walk(field.schema());
                }
            }
            case ARRAY -> {
                for (long n = decoder.readArrayStart(); n != 0; n = decoder.arrayNext()) {
                    requirePossible(n);
                    for (long i = 0; i < n; i++) {
                        walk(schema.getElementType());
                    }
                }
            }
            case MAP -> {
                for (long n = decoder.readMapStart(); n != 0; n = decoder.mapNext()) {
                    requirePossible(n);
                    for (long i = 0; i < n; i++) {
                        skipBytes();
                        walk(schema.getValueType());
                    }
                }
            }
            case UNION -> walk(schema.getTypes().get(decoder.readIndex()));
            case STRING, BYTES -> skipBytes();
            case FIXED -> decoder.skipFixed(schema.getFixedSize());
            case ENUM -> decoder.readEnum();
            case INT -> decoder.readInt();
            case LONG -> decoder.readLong();
            case FLOAT -> decoder.readFloat();
            case DOUBLE -> decoder.readDouble();
            case BOOLEAN -> decoder.readBoolean();
            case NULL -> decoder.readNull();
        }
    }

    /** Elements of some schemas take no bytes, so that a message of twenty bytes could keep a reader busy for years. */
    private void requirePossible(long elements) throws EOFException {
        if (elements < 0 || elements > limit) {
            throw new EOFException(elements + " elements");
        }
    }

    private void skipBytes() throws IOException {
        long length = decoder.readLong();
        if (length < 0 || length > limit) {
            throw new EOFException("a length of " + length + " bytes");
        }
        decoder.skipFixed((int) length);
    }
}
