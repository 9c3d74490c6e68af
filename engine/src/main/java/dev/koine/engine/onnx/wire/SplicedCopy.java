package dev.koine.engine.onnx.wire;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;

/** A message as ranges of a file and bytes that stand between them; holds no more than those bytes, whatever the ranges are. */
public final class SplicedCopy {
    private final List<Piece> pieces = new ArrayList<>();
    private long length;

    /** A range of the file, or bytes of our own, which a range has none of. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Piece(long from, long length, byte[] bytes) {}

    /** Adds a range of the file, from {@code from} to before {@code end}. */
    public void range(long from, long end) {
        int last = pieces.size() - 1;
        boolean goesOn = last >= 0
                && pieces.get(last).bytes().length == 0
                && pieces.get(last).from() + pieces.get(last).length() == from;
        long begin = goesOn ? pieces.remove(last).from() : from;
        if (end > begin) {
            pieces.add(new Piece(begin, end - begin, new byte[0]));
        }
        length += end - from;
    }

    public void bytes(byte[] bytes) {
        if (bytes.length > 0) {
            pieces.add(new Piece(0, bytes.length, bytes));
            length += bytes.length;
        }
    }

    /** Adds a message as a field of this one. */
    public void message(int field, SplicedCopy inner) {
        bytes(MessageBytes.header(field, inner.length));
        pieces.addAll(inner.pieces);
        length += inner.length;
    }

    /** The bytes it comes to. */
    public long length() {
        return length;
    }

    /**
     * Writes it.
     *
     * @param source the file that the ranges are of
     */
    public void writeTo(FileChannel source, WritableByteChannel target) throws IOException {
        for (Piece piece : pieces) {
            if (piece.bytes().length > 0) {
                ByteBuffer bytes = ByteBuffer.wrap(piece.bytes());
                while (bytes.hasRemaining()) {
                    target.write(bytes);
                }
                continue;
            }
            for (long done = 0; done < piece.length(); ) {
                long count = source.transferTo(piece.from() + done, piece.length() - done, target);
                if (count <= 0) {
                    throw new EOFException("A model file became shorter while it was copied.");
                }
                done += count;
            }
        }
    }
}
