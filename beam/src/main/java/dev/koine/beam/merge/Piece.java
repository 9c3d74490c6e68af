package dev.koine.beam.merge;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.apache.beam.sdk.coders.StringUtf8Coder;

/**
 * A pruned task of an expert.
 *
 * @param index of the task
 * @param tasks how many the expert has
 * @param weight the expert's
 * @param digest of its file in the store
 */
record Piece(int index, int tasks, double weight, String digest) {

    /** In bytes. */
    static final class PieceCoder extends VersionedCoder<Piece> {
        private static final long serialVersionUID = 1L;

        PieceCoder() {
            super(1);
        }

        @Override
        void write(Piece value, DataOutputStream out) throws IOException {
            out.writeInt(value.index());
            out.writeInt(value.tasks());
            out.writeDouble(value.weight());
            StringUtf8Coder.of().encode(value.digest(), out);
        }

        @Override
        Piece read(DataInputStream in) throws IOException {
            return new Piece(
                    in.readInt(),
                    in.readInt(),
                    in.readDouble(),
                    StringUtf8Coder.of().decode(in));
        }
    }
}
