package dev.koine.engine.onnx.wire;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.BitSet;
import java.util.Map;

/**
 * A cursor over the fields of one protobuf message that lies in a {@link WireSource}. {@link #next()} moves to the next field; payloads
 * are looked at only if asked for, so a weight of gigabytes costs one skip. Every length is checked against the enclosing message.
 */
public final class WireMessage {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int LENGTH_DELIMITED = 2;
    private static final int FIXED32 = 5;

    /** The fields of a {@code ModelProto} that have a length. */
    private static final BitSet MODEL_FIELDS = BitSet.valueOf(
            new long[] {1L << 2 | 1L << 3 | 1L << 4 | 1L << 6 | 1L << 7 | 1L << 8 | 1L << 14 | 1L << 20 | 1L << 25});

    private final WireSource source;
    private final long begin;
    private final long end;
    private final boolean isRoot;
    private long position;

    private int field;
    private int wireType;
    private long value;
    private long start;
    private long length;

    WireMessage(WireSource source, long start, long end) {
        this.source = source;
        this.begin = start;
        this.isRoot = start == 0 && source.isEnd(end);
        this.position = start;
        this.end = end;
    }

    /** Moves to the next field; false at the end of the message. */
    public boolean next() throws RejectedException, IOException {
        if (position == end) {
            return false;
        }
        long tag = varint();
        field = (int) (tag >>> 3);
        wireType = (int) (tag & 7);
        if (tag >>> 32 != 0 || field == 0) {
            throw broken("a field has an impossible number");
        }
        switch (wireType) {
            case VARINT -> value = varint();
            case FIXED64 -> value = fixed(8);
            case FIXED32 -> value = fixed(4);
            case LENGTH_DELIMITED -> {
                length = varint();
                start = position;
                if (length < 0 || length > end - position) {
                    throw isRoot && length > 0 && MODEL_FIELDS.get(field)
                            ? source.cutOff(length - (end - position))
                            : broken("field " + field + " is longer than what is left of its message");
                }
                position += length;
            }
            default -> throw broken("field " + field + " has the unknown wire type " + wireType);
        }
        return true;
    }

    public int field() {
        return field;
    }

    /** The bytes of the file that come before the next field. */
    public long position() {
        return position;
    }

    /** The bytes of the file that come before the payload of the current length-delimited field. */
    public long start() throws RejectedException {
        expect(LENGTH_DELIMITED);
        return start;
    }

    /** The length in bytes of the payload of the current length-delimited field. */
    public long length() throws RejectedException {
        expect(LENGTH_DELIMITED);
        return length;
    }

    public boolean isLengthDelimited() {
        return wireType == LENGTH_DELIMITED;
    }

    /** The current field as a varint. */
    public long number() throws RejectedException {
        expect(VARINT);
        return value;
    }

    /** The current field as the bits of a float. */
    int floatBits() throws RejectedException {
        expect(FIXED32);
        return (int) value;
    }

    /** The raw value of the current scalar field, whatever its width. */
    long scalar() throws RejectedException {
        if (wireType == LENGTH_DELIMITED) {
            throw broken("field " + field + " is not a number");
        }
        return value;
    }

    /** The current field as a message inside this one. */
    public WireMessage message() throws RejectedException {
        expect(LENGTH_DELIMITED);
        return new WireMessage(source, start, start + length);
    }

    /** The current field as UTF-8 text; its bytes count against the source's budget. */
    public String text() throws RejectedException, IOException {
        expect(LENGTH_DELIMITED);
        source.spend(length);
        byte[] bytes = new byte[(int) length];
        source.read(start, bytes, 0, bytes.length);
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw broken("field " + field + " is not UTF-8 text");
        }
    }

    /** Reads the whole message as a {@code StringStringEntryProto}: a key and a value, each empty if it is missing. */
    public Map.Entry<String, String> entry() throws RejectedException, IOException {
        String key = "";
        String value = "";
        while (next()) {
            switch (field()) {
                case 1 -> key = text();
                case 2 -> value = text();
                default -> {}
            }
        }
        return Map.entry(key, value);
    }

    /** The varints of the current field, packed or not, handed over one by one. */
    public void numbers(NumberSink sink) throws RejectedException, IOException {
        if (wireType == VARINT) {
            sink.accept(value);
            return;
        }
        expect(LENGTH_DELIMITED);
        WireMessage packed = new WireMessage(source, start, start + length);
        while (packed.position < packed.end) {
            sink.accept(packed.varint());
        }
    }

    /** The four-byte values of the current field, packed or not, handed over one by one. */
    public void fixed32s(NumberSink sink) throws RejectedException, IOException {
        if (wireType == FIXED32) {
            sink.accept(value);
            return;
        }
        expect(LENGTH_DELIMITED);
        WireMessage packed = new WireMessage(source, start, start + length);
        while (packed.position < packed.end) {
            sink.accept(packed.fixed(4));
        }
    }

    /** The eight-byte values of the current field, packed or not, handed over one by one. */
    public void fixed64s(NumberSink sink) throws RejectedException, IOException {
        if (wireType == FIXED64) {
            sink.accept(value);
            return;
        }
        expect(LENGTH_DELIMITED);
        WireMessage packed = new WireMessage(source, start, start + length);
        while (packed.position < packed.end) {
            sink.accept(packed.fixed(8));
        }
    }

    /** Another cursor over this message, before its first field. */
    public WireMessage again() {
        return new WireMessage(source, begin, end);
    }

    /** Adds the current field's payload to a digest, without holding it. */
    public void digest(MessageDigest digest) throws RejectedException, IOException {
        if (wireType == LENGTH_DELIMITED) {
            payload().digest(digest);
        } else {
            digest.update(
                    ByteBuffer.allocate(9).put((byte) wireType).putLong(value).flip());
        }
    }

    /** The current length-delimited field's payload, to be read later if at all. */
    Payload payload() throws RejectedException {
        expect(LENGTH_DELIMITED);
        return new Payload(source, start, length);
    }

    public RejectedException broken(String what) {
        return source.broken(what + " (near byte " + position + ")");
    }

    private void expect(int expected) throws RejectedException {
        if (wireType != expected) {
            throw broken("field " + field + " has wire type " + wireType + " where ONNX has " + expected);
        }
    }

    private long varint() throws RejectedException, IOException {
        long result = 0;
        for (int shift = 0; shift < 70; shift += 7) {
            if (position >= end) {
                throw broken("a number is cut off");
            }
            byte next = source.at(position++);
            if (shift == 63 && (next & 0xfe) != 0) {
                throw broken("a number has more than 64 bits");
            }
            result |= (next & 0x7fL) << shift;
            if (next >= 0) {
                return result;
            }
        }
        throw broken("a number has more than 64 bits");
    }

    private long fixed(int width) throws RejectedException, IOException {
        if (width > end - position) {
            throw broken("a number is cut off");
        }
        long result = 0;
        for (int i = 0; i < width; i++) {
            result |= (source.at(position++) & 0xffL) << (8 * i);
        }
        return result;
    }

    /** A range of the file. */
    record Payload(WireSource source, long start, long length) {
        public void digest(MessageDigest digest) throws IOException {
            digest.update(ByteBuffer.allocate(8).putLong(0, length));
            byte[] chunk = new byte[(int) Math.min(length, 1 << 16)];
            for (long done = 0; done < length; ) {
                int count = (int) Math.min(chunk.length, length - done);
                source.read(start + done, chunk, 0, count);
                digest.update(chunk, 0, count);
                done += count;
            }
        }
    }

    /** Takes numbers one by one. */
    @FunctionalInterface
    public interface NumberSink {
        void accept(long number) throws RejectedException;
    }

    /** A refusal of {@code file} as a model. */
    public static RejectedException notOnnx(String file, String what) {
        return new RejectedException(
                RejectionCode.NOT_ONNX,
                "The file '" + Quote.of(file) + "' is not a readable ONNX model: " + what
                        + ". Export the model again, or point to the right file.");
    }
}
