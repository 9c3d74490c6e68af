package dev.koine.engine.onnx.wire;

import dev.koine.engine.RejectedException;
import dev.koine.engine.tensor.Varints;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;

/**
 * Writes a copy of a model file in which tensors that are stored as varints have new elements. These may take more bytes or fewer, and so
 * the messages around them get new lengths; every other byte is copied. Equal elements give equal bytes.
 */
public final class VarintSplice {
    private static final int CHUNK = 1 << 16;

    private final FileChannel staged;
    private final NavigableMap<Long, Place> places;
    private final List<Piece> pieces = new ArrayList<>();

    /** The new elements of the tensor whose varints begin at an offset of the model file: {@code numel} shorts at {@code position} of the staged file. */
    public record Place(long position, long numel) {}

    private record Piece(long from, long length, byte[] header, boolean isTensor) {}

    private VarintSplice(FileChannel staged, NavigableMap<Long, Place> places) {
        this.staged = staged;
        this.places = places;
    }

    /**
     * Writes the copy.
     *
     * @param model the file that the structure is read from
     * @param staged a file whose first bytes are what is copied, laid out as {@code model}, with the elements behind
     * @param places by the offset in {@code model} of the tensors' varints
     */
    public static void write(Path model, FileChannel staged, NavigableMap<Long, Place> places, FileChannel target)
            throws IOException {
        VarintSplice splice = new VarintSplice(staged, places);
        try (WireSource source = WireSource.open(String.valueOf(model.getFileName()), model, new HeapBudget())) {
            splice.message(source.root(), 0);
        } catch (RejectedException e) {
            throw new IOException("The file " + model + " has changed since it was indexed.", e);
        }
        for (Piece piece : splice.pieces) {
            splice.write(piece, target);
        }
    }

    /** Plans a message, and gives its new length. */
    private long message(WireMessage message, long start) throws RejectedException, IOException {
        long length = 0;
        long copied = start;
        long tag = start;
        while (message.next()) {
            Long first = message.isLengthDelimited() ? places.ceilingKey(message.start()) : null;
            if (first != null && first < message.start() + message.length()) {
                length += copy(copied, tag) + field(message, tag);
                copied = message.position();
            }
            tag = message.position();
        }
        return length + copy(copied, tag);
    }

    private long field(WireMessage message, long tag) throws RejectedException, IOException {
        int at = pieces.size();
        Place place = places.get(message.start());
        long length;
        if (place == null) {
            length = message(message.message(), message.start());
        } else {
            length = varintBytes(place);
            pieces.add(new Piece(place.position(), place.numel(), new byte[0], true));
        }
        if (length == message.length()) {
            pieces.add(at, new Piece(tag, message.start() - tag, new byte[0], false));
            return message.start() - tag + length;
        }
        byte[] header = header(message.field(), length);
        pieces.add(at, new Piece(0, 0, header, false));
        return header.length + length;
    }

    private long copy(long from, long end) {
        if (end > from) {
            pieces.add(new Piece(from, end - from, new byte[0], false));
        }
        return end - from;
    }

    private static byte[] header(int field, long length) {
        ByteBuffer header = ByteBuffer.allocate(20);
        varint(((long) field << 3) | 2, header);
        varint(length, header);
        byte[] bytes = new byte[header.position()];
        header.get(0, bytes);
        return bytes;
    }

    private static void varint(long value, ByteBuffer target) {
        long rest = value;
        while (rest >>> 7 != 0) {
            target.put((byte) (rest | 0x80));
            rest >>>= 7;
        }
        target.put((byte) rest);
    }

    private long varintBytes(Place place) throws IOException {
        long[] bytes = {0};
        forEachChunk(place.position(), 2 * place.numel(), chunk -> {
            while (chunk.hasRemaining()) {
                bytes[0] += Varints.size(chunk.getShort() & 0xffff);
            }
        });
        return bytes[0];
    }

    private void write(Piece piece, FileChannel target) throws IOException {
        if (piece.header().length > 0) {
            writeAll(ByteBuffer.wrap(piece.header()), target);
        } else if (!piece.isTensor()) {
            forEachChunk(piece.from(), piece.length(), chunk -> writeAll(chunk, target));
        } else {
            ByteBuffer varints = ByteBuffer.allocate(CHUNK / 2 * 3);
            forEachChunk(piece.from(), 2 * piece.length(), chunk -> {
                varints.clear();
                while (chunk.hasRemaining()) {
                    Varints.put(chunk.getShort() & 0xffff, varints);
                }
                writeAll(varints.flip(), target);
            });
        }
    }

    private void forEachChunk(long from, long length, ChunkStep step) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
        for (long done = 0; done < length; ) {
            chunk.clear().limit((int) Math.min(CHUNK, length - done));
            while (chunk.hasRemaining()) {
                if (staged.read(chunk, from + done + chunk.position()) < 0) {
                    throw new EOFException("A staged file became shorter.");
                }
            }
            done += chunk.flip().remaining();
            step.take(chunk);
        }
    }

    private static void writeAll(ByteBuffer bytes, FileChannel target) throws IOException {
        while (bytes.hasRemaining()) {
            target.write(bytes);
        }
    }

    @FunctionalInterface
    private interface ChunkStep {
        void take(ByteBuffer chunk) throws IOException;
    }
}
