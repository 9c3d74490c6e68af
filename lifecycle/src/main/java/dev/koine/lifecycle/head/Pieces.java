package dev.koine.lifecycle.head;

import dev.koine.flink.state.PieceSet;
import dev.koine.flink.state.PrunedPiece;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The pieces of one expert in state: 32 bytes each, since those of many experts may wait there, and an expert has up to thousands. */
final class Pieces {
    static final PieceSet NONE = new PieceSet(0, ByteBuffer.allocate(0), null);

    private static final String PREFIX = "sha256:";
    private static final int BYTES = 32;

    private Pieces() {}

    /** The set with one piece more; the given one stays as it is. */
    static PieceSet with(PieceSet set, PrunedPiece piece) {
        byte[] digests = bytes(set);
        if (piece.getRejectionCode() != null) {
            @Nullable PrunedPiece refused = set.getRefused();
            boolean isFirst = refused == null || piece.getIndex() < refused.getIndex();
            return new PieceSet(set.getReceived() + 1, ByteBuffer.wrap(digests), isFirst ? piece : refused);
        }
        int at = piece.getIndex() * BYTES;
        byte[] grown = Arrays.copyOf(digests, Math.max(digests.length, at + BYTES));
        byte[] digest = HexFormat.of().parseHex(piece.getDigest(), PREFIX.length(), PREFIX.length() + 2 * BYTES);
        System.arraycopy(digest, 0, grown, at, BYTES);
        return new PieceSet(set.getReceived() + 1, ByteBuffer.wrap(grown), set.getRefused());
    }

    /** The digests of a complete set of which none was refused. */
    static List<String> digests(PieceSet set) {
        byte[] bytes = bytes(set);
        List<String> digests = new ArrayList<>();
        for (int at = 0; at < bytes.length; at += BYTES) {
            digests.add(PREFIX + HexFormat.of().formatHex(bytes, at, at + BYTES));
        }
        return digests;
    }

    private static byte[] bytes(PieceSet set) {
        ByteBuffer digests = set.getDigests().duplicate();
        byte[] bytes = new byte[digests.remaining()];
        digests.get(bytes);
        return bytes;
    }
}
