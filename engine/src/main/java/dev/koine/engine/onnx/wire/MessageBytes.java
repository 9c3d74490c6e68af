package dev.koine.engine.onnx.wire;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes a small protobuf message, field after field, in the order of the calls. */
public final class MessageBytes {
    private static final int VARINT = 0;
    private static final int LENGTH_DELIMITED = 2;
    private static final int FIXED32 = 5;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** A field with a varint: an integer, an enumeration's number. */
    public MessageBytes number(int field, long value) {
        varint((long) field << 3 | VARINT);
        varint(value);
        return this;
    }

    /** A field with a float, by its bits. */
    public MessageBytes floatBits(int field, int bits) {
        varint((long) field << 3 | FIXED32);
        for (int shift = 0; shift < Integer.SIZE; shift += 8) {
            out.write(bits >>> shift);
        }
        return this;
    }

    public MessageBytes text(int field, String value) {
        return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    public MessageBytes message(int field, MessageBytes value) {
        return bytes(field, value.toBytes());
    }

    public MessageBytes bytes(int field, byte[] value) {
        out.writeBytes(header(field, value.length));
        out.writeBytes(value);
        return this;
    }

    public byte[] toBytes() {
        return out.toByteArray();
    }

    /** What stands before a length-delimited field's payload. */
    public static byte[] header(int field, long length) {
        MessageBytes header = new MessageBytes();
        header.varint((long) field << 3 | LENGTH_DELIMITED);
        header.varint(length);
        return header.toBytes();
    }

    private void varint(long number) {
        long rest = number;
        while (rest >>> 7 != 0) {
            out.write((int) ((rest & 0x7f) | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }
}
