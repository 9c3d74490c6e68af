package dev.koine.beam.merge;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.beam.sdk.coders.AtomicCoder;
import org.apache.beam.sdk.coders.CoderException;

/**
 * A coder whose first byte says in which form the rest is, so that a runner that still holds values of another release says so instead of
 * taking them for something else. Equal values have equal bytes.
 *
 * @param <T> the value
 */
abstract class VersionedCoder<T> extends AtomicCoder<T> {
    private final byte version;

    VersionedCoder(int version) {
        this.version = (byte) version;
    }

    abstract void write(T value, DataOutputStream out) throws IOException;

    abstract T read(DataInputStream in) throws IOException;

    @Override
    public final void encode(T value, OutputStream outStream) throws IOException {
        DataOutputStream out = new DataOutputStream(outStream);
        out.writeByte(version);
        write(value, out);
        out.flush();
    }

    @Override
    public final T decode(InputStream inStream) throws IOException {
        DataInputStream in = new DataInputStream(inStream);
        byte found = in.readByte();
        if (found != version) {
            throw new CoderException(getClass().getSimpleName() + " reads form " + version + ", and this is form "
                    + found + ". Drain the pipeline with the release that it was started with, and start it anew.");
        }
        return read(in);
    }
}
