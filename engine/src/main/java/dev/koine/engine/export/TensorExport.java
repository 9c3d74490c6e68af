package dev.koine.engine.export;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.export.VersionOfBase.Place;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.tensor.ElementReader;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.FloatEncoding;
import dev.koine.engine.tensor.Run;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.TensorReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One tensor of a checkpoint as a version has it. Where an element of the version's weight has the base's bits, the checkpoint's own bits are
 * written; else the version's value, divided by the exporter's factor and rounded once to the checkpoint's type. So what no expert changed comes
 * out bit for bit, also where the exporter's cast lost something.
 */
final class TensorExport {
    private final TensorInfo tensor;
    private final List<Place> places;
    private boolean changed;

    /** @param places where it stands; none, and it is copied */
    TensorExport(TensorInfo tensor, List<Place> places) {
        this.tensor = tensor;
        this.places = List.copyOf(places);
    }

    /** Whether any element that was written is not the checkpoint's. */
    boolean isChanged() {
        return changed;
    }

    /** Writes the elements; a refusal comes as a {@link RefusedException}. */
    void writeTo(OutputStream out) throws IOException {
        List<Pair> pairs = new ArrayList<>();
        try (FileChannel channel =
                FileChannel.open(tensor.file(), StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            for (Place place : places) {
                pairs.add(Pair.open(place));
            }
            int longest = places.stream()
                    .filter(place -> place.standing().isTransposed())
                    .mapToInt(place -> place.standing().longestRun())
                    .findFirst()
                    .orElse(4 * Run.CHUNK);
            for (Run run : Run.cut(tensor.numel(), longest)) {
                byte[] kept = read(channel, run);
                out.write(pairs.isEmpty() ? kept : merged(pairs, run, kept));
            }
        } finally {
            pairs.forEach(Pair::close);
        }
    }

    private byte[] read(FileChannel channel, Run run) throws IOException {
        int width = tensor.type().bytes();
        ByteBuffer bytes = ByteBuffer.allocate(run.count() * width);
        long at = tensor.offset() + run.from() * width;
        while (bytes.hasRemaining()) {
            int read = channel.read(bytes, at + bytes.position());
            if (read < 0) {
                throw new EOFException(tensor.file() + " has become shorter");
            }
        }
        return bytes.array();
    }

    private byte[] merged(List<Pair> pairs, Run run, byte[] kept) throws IOException {
        byte[] merged = merged(pairs.get(0), run, kept);
        for (Pair other : pairs.subList(1, pairs.size())) {
            if (!Arrays.equals(merged, merged(other, run, kept))) {
                throw new RefusedException(new RejectedException(
                        RejectionCode.GRAPH_MISMATCH,
                        "The version has different values in '"
                                + Quote.of(pairs.get(0).key()) + "' and '"
                                + Quote.of(other.key()) + "', and in the base both are the checkpoint's tensor '"
                                + Quote.of(tensor.name())
                                + "', or are not told apart there: a checkpoint cannot say it."
                                + " Export it as onnx."));
            }
        }
        changed |= !Arrays.equals(merged, kept);
        return merged;
    }

    private byte[] merged(Pair pair, Run run, byte[] kept) throws IOException {
        pair.read(run);
        ElementType type = tensor.type();
        byte[] result = kept.clone();
        ByteBuffer target = ByteBuffer.wrap(result).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < run.count(); i++) {
            if (pair.isChanged(i)) {
                float value = pair.value(i);
                if (Float.isInfinite(FloatEncoding.rounded(type, value))) {
                    throw tooLarge(pair, run.from() + i, value);
                }
                pair.one[0] = value;
                FloatEncoding.encode(type, pair.one, 0, 1, target.position(i * type.bytes()));
            }
        }
        return result;
    }

    private RefusedException tooLarge(Pair pair, long element, float value) {
        return new RefusedException(
                new RejectedException(
                        RejectionCode.NON_FINITE,
                        "The version has " + value + " in '" + Quote.of(pair.key()) + "', which is element " + element
                                + " of the checkpoint's '"
                                + Quote.of(tensor.name()) + "', and " + tensor.type()
                                + " holds no such number. Register the base with a checkpoint in float32, or merge with a smaller scale."));
    }

    /** A weight of the base and of the version, read side by side. */
    private static final class Pair {
        private final Place place;
        private final ElementReader base;
        private final ElementReader version;
        private final float[] one = new float[1];
        private float[] ours = new float[0];
        private float[] theirs = new float[0];

        private Pair(Place place, ElementReader base, ElementReader version) {
            this.place = place;
            this.base = base;
            this.version = version;
        }

        static Pair open(Place place) throws IOException {
            ElementReader base = TensorReader.open(place.base().tensor());
            try {
                return new Pair(place, base, TensorReader.open(place.version()));
            } catch (IOException | RuntimeException e) {
                base.close();
                throw e;
            }
        }

        String key() {
            return place.base().key();
        }

        void read(Run run) throws IOException {
            if (ours.length < run.count()) {
                ours = new float[run.count()];
                theirs = new float[run.count()];
            }
            place.standing().read(base, run, ours);
            place.standing().read(version, run, theirs);
        }

        boolean isChanged(int i) {
            return Float.floatToRawIntBits(ours[i]) != Float.floatToRawIntBits(theirs[i]);
        }

        float value(int i) {
            return place.factor() == 1 ? theirs[i] : (float) ((double) theirs[i] / place.factor());
        }

        void close() {
            base.close();
            version.close();
        }
    }
}
