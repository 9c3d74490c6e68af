package dev.koine.engine.onnx.wire;

/** What the index of one bundle may take on the heap: however many model files it has, a hostile one cannot fill it. */
public final class HeapBudget {
    /** A model of ten thousand nodes takes about 10 MB. */
    public static final long BYTES = 128L << 20;

    private long left = BYTES;

    /** Takes {@code bytes} from what is left; false, and nothing taken, if that is less. */
    public boolean take(long bytes) {
        if (bytes > left) {
            return false;
        }
        left -= bytes;
        return true;
    }
}
