package dev.koine.engine.onnx.graph;

import dev.koine.engine.RejectedException;
import dev.koine.engine.onnx.wire.CanonicalText;
import dev.koine.engine.onnx.wire.WireMessage;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.Varints;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * The data fields of one {@code TensorProto}: one range of bytes, or numbers that protobuf stores in its own way. A digest over numbers is
 * taken of the bytes that raw data would have, so that one tensor has one digest however it is stored.
 */
final class TensorData {
    private static final int FLOAT_DATA = 4;
    private static final int INT32_DATA = 5;
    private static final int STRING_DATA = 6;
    private static final int INT64_DATA = 7;
    private static final int RAW_DATA = 9;
    private static final int DOUBLE_DATA = 10;
    private static final int UINT64_DATA = 11;
    private static final int BUFFER = 1 << 13;

    private int fields;
    private int onlyField;
    private boolean isPacked;
    private long start;
    private long length;
    private long shortest;

    /** Whether the fields of {@code TensorProto} with this number hold data. */
    static boolean isData(int field) {
        return (field >= FLOAT_DATA && field <= INT64_DATA) || (field >= RAW_DATA && field <= UINT64_DATA);
    }

    void add(WireMessage message) throws RejectedException {
        fields++;
        if (fields > 1 && (message.field() == RAW_DATA || onlyField == RAW_DATA)) {
            throw message.broken("a tensor has raw data and other data");
        }
        onlyField = message.field();
        isPacked = message.isLengthDelimited();
        if (isPacked) {
            start = message.start();
            length = message.length();
        }
    }

    boolean isEmpty() {
        return fields == 0;
    }

    long start() {
        return start;
    }

    long length() {
        return length;
    }

    /** Raw data of any type, or float32 values packed into one field, which are the same bytes. */
    boolean isRange(ElementType type) {
        return fields == 1
                && isPacked
                && (onlyField == RAW_DATA || (onlyField == FLOAT_DATA && type == ElementType.FLOAT));
    }

    /**
     * Float16 or bfloat16 elements as varints, packed into one field and each in as few bytes as it takes, as protobuf writes them. To be
     * asked when the digest has been taken.
     */
    boolean isVarints(ElementType type) {
        boolean isHalf = type == ElementType.FLOAT16 || type == ElementType.BFLOAT16;
        return isHalf && fields == 1 && isPacked && onlyField == INT32_DATA && shortest == length;
    }

    /**
     * SHA-256 of the elements, in hexadecimal.
     *
     * @param tensor the message that the fields are of
     * @param bytes how many bytes the elements have as raw data, where their type has a width
     * @throws RejectedException if there are more or fewer elements, or they stand in a field that their type does not have
     */
    String digest(WireMessage tensor, ElementType type, long numel, long bytes) throws RejectedException, IOException {
        WireMessage message = tensor.again();
        MessageDigest digest = CanonicalText.sha256();
        Elements elements = new Elements(digest);
        long strings = 0;
        while (message.next()) {
            if (!isData(message.field())) {
                continue;
            }
            if (type == ElementType.OTHER || (type == ElementType.STRING && message.field() == STRING_DATA)) {
                digest.update(ByteBuffer.allocate(4).putInt(0, message.field()));
                message.digest(digest);
                strings++;
            } else {
                elements.add(message, type);
            }
        }
        elements.flush();
        shortest = elements.shortest;
        if (type == ElementType.STRING ? strings != numel : type != ElementType.OTHER && elements.bytes != bytes) {
            throw message.broken("a tensor does not hold the " + numel + " elements of its shape");
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static final class Elements {
        private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
        private final MessageDigest digest;
        private long bytes;
        private long shortest;

        Elements(MessageDigest digest) {
            this.digest = digest;
        }

        void add(WireMessage message, ElementType type) throws RejectedException, IOException {
            int width = type.bits() < 8 ? 1 : type.bytes();
            switch (type) {
                case FLOAT, COMPLEX64 -> {
                    expect(message, FLOAT_DATA);
                    message.fixed32s(number -> put(number, 4));
                }
                case DOUBLE, COMPLEX128 -> {
                    expect(message, DOUBLE_DATA);
                    message.fixed64s(number -> put(number, 8));
                }
                case INT64 -> {
                    expect(message, INT64_DATA);
                    message.numbers(number -> put(number, width));
                }
                case UINT32, UINT64 -> {
                    expect(message, UINT64_DATA);
                    message.numbers(number -> put(number, width));
                }
                default -> {
                    expect(message, INT32_DATA);
                    message.numbers(number -> {
                        put(number, width);
                        shortest += number >>> 16 == 0 ? Varints.size((int) number) : Integer.MAX_VALUE;
                    });
                }
            }
        }

        private static void expect(WireMessage message, int field) throws RejectedException {
            if (message.field() != field) {
                throw message.broken("a tensor holds its elements in field " + message.field()
                        + ", where ONNX has them in field " + field);
            }
        }

        private void put(long number, int width) {
            if (buffer.remaining() < width) {
                flush();
            }
            for (int i = 0; i < width; i++) {
                buffer.put((byte) (number >>> (8 * i)));
            }
            bytes += width;
        }

        void flush() {
            digest.update(buffer.flip());
            buffer.clear();
        }
    }
}
