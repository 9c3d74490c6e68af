package dev.koine.beam.merge;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.util.VarInt;

/**
 * {@link SliceTotals} in bytes.
 *
 * <pre>
 *   1 byte                   form, 1
 *   varint                   planes, at most {@value #MOST_PLANES}
 *   varint                   elements of each, at most {@value #MOST_ELEMENTS}
 *   for each plane           its totals, each as a varint of twice the magnitude, less one for a negative one;
 *                            a zero is followed by a varint with how many more zeros come next
 * </pre>
 *
 * <p>A total takes 10 bytes at most; what is larger than these limits is refused before memory is taken for it.
 */
final class SliceTotalsCoder extends VersionedCoder<SliceTotals> {
    static final int MOST_PLANES = 16;
    static final int MOST_ELEMENTS = 1 << 20;
    private static final long serialVersionUID = 1L;

    SliceTotalsCoder() {
        super(1);
    }

    @Override
    void write(SliceTotals value, DataOutputStream out) throws IOException {
        VarInt.encode(value.planes().length, out);
        VarInt.encode(value.count(), out);
        for (long[] plane : value.planes()) {
            for (int i = 0; i < plane.length; i++) {
                long total = plane[i];
                VarInt.encode((total << 1) ^ (total >> 63), out);
                if (total == 0) {
                    int zeros = 0;
                    while (i + 1 < plane.length && plane[i + 1] == 0) {
                        zeros++;
                        i++;
                    }
                    VarInt.encode(zeros, out);
                }
            }
        }
    }

    @Override
    SliceTotals read(DataInputStream in) throws IOException {
        int planes = limited(VarInt.decodeInt(in), MOST_PLANES, "planes");
        int count = limited(VarInt.decodeInt(in), MOST_ELEMENTS, "elements");
        long[][] totals = new long[planes][count];
        for (long[] plane : totals) {
            for (int i = 0; i < count; i++) {
                long coded = VarInt.decodeLong(in);
                plane[i] = (coded >>> 1) ^ -(coded & 1);
                if (coded == 0) {
                    i += limited(VarInt.decodeInt(in), count - 1 - i, "zeros");
                }
            }
        }
        return new SliceTotals(totals);
    }

    private static int limited(int found, int most, String what) throws CoderException {
        if (found < 0 || found > most) {
            throw new CoderException("Totals of " + found + " " + what + ", where " + most + " are the most.");
        }
        return found;
    }
}
