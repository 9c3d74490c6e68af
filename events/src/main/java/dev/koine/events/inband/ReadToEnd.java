package dev.koine.events.inband;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Tells, when it is closed, that it was read to its end. */
final class ReadToEnd extends FilterInputStream {
    private final Listener listener;
    private boolean isAtEnd;
    private boolean isClosed;

    ReadToEnd(InputStream in, Listener listener) {
        super(in);
        this.listener = listener;
    }

    /** Hears it. */
    @FunctionalInterface
    interface Listener {
        void onEnd() throws IOException;
    }

    @Override
    public int read() throws IOException {
        return noted(super.read());
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        return noted(super.read(buffer, offset, length));
    }

    private int noted(int read) {
        isAtEnd |= read < 0;
        return read;
    }

    @Override
    public void close() throws IOException {
        super.close();
        if (isAtEnd && !isClosed) {
            isClosed = true;
            listener.onEnd();
        }
    }
}
