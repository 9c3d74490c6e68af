package dev.koine.bench.shape;

import dev.koine.engine.tensor.FloatEncoding;
import java.nio.ByteBuffer;
import java.nio.ShortBuffer;
import java.util.Locale;

/** An element type of weights, and its number in ONNX. */
public enum Element {
    FLOAT32(1, 4),
    FLOAT16(10, 2),
    BFLOAT16(16, 2);

    public final int onnxType;
    public final int bytes;

    Element(int onnxType, int bytes) {
        this.onnxType = onnxType;
        this.bytes = bytes;
    }

    /** Fills a little-endian buffer with the first {@code count} values. */
    public void encode(float[] values, int count, ByteBuffer target) {
        target.clear().limit(count * bytes);
        if (this == FLOAT32) {
            target.asFloatBuffer().put(values, 0, count);
            return;
        }
        ShortBuffer shorts = target.asShortBuffer();
        for (int i = 0; i < count; i++) {
            shorts.put(i, this == FLOAT16 ? FloatEncoding.toFloat16(values[i]) : FloatEncoding.toBfloat16(values[i]));
        }
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
