package dev.koine.engine.tensor;

import java.io.IOException;

/** Reads float elements, any range at a time, as float32. Safe for several threads. The files must not change while it is open. */
public interface ElementReader extends AutoCloseable {
    /**
     * Opens what an expert has.
     *
     * @throws IOException if a file cannot be opened, is no regular file, or ends before a tensor does
     */
    static ElementReader open(Values values) throws IOException {
        if (values instanceof TensorInfo tensor) {
            return TensorReader.open(tensor);
        }
        return JoinedReader.open((Joined) values);
    }

    /** The number of elements. */
    long numel();

    /**
     * Reads elements {@code from} to {@code from + count}, row-major, into {@code target} from {@code at} on.
     *
     * @throws IOException if the reader is closed, or a file has become shorter
     */
    void read(long from, float[] target, int at, int count) throws IOException;

    @Override
    void close();
}
