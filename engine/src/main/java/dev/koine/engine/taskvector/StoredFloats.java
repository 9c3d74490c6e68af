package dev.koine.engine.taskvector;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.safetensors.Safetensors;
import dev.koine.engine.safetensors.SafetensorsWriter;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.FloatEncoding;
import dev.koine.engine.tensor.TensorInfo;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Numbers of a task vector as tensors of a safetensors file: one of their element type, or, where that is an integer, one of bytes and, under
 * its name with {@code .scales}, one of a float32 a run ({@link Quantization}).
 *
 * @param name of the first tensor
 * @param shape of the numbers
 */
record StoredFloats(String name, Precision precision, List<Long> shape) {
    private static final String SCALES = ".scales";
    private static final int BUFFER_BYTES = 1 << 16;

    /** A tensor that has to be in the file. */
    record Tensor(String name, ElementType type, List<Long> shape) {}

    private int count() {
        return (int) shape.stream().mapToLong(Long::longValue).reduce(1, (a, b) -> a * b);
    }

    /** The tensors. */
    List<Tensor> tensors() {
        if (!precision.isInteger()) {
            return List.of(new Tensor(name, type(), shape));
        }
        long bytes = new Quantization(precision).bytes(count());
        return List.of(
                new Tensor(name, ElementType.UINT8, List.of(bytes)),
                new Tensor(name + SCALES, ElementType.FLOAT, List.of((long) Quantization.runs(count()))));
    }

    /** Adds the numbers to a file, which are what this precision can say. */
    void addTo(SafetensorsWriter writer, float[] values) {
        if (!precision.isInteger()) {
            writer.tensor(name, type(), shape, out -> write(out, type(), values));
            return;
        }
        Quantization quantization = new Quantization(precision);
        List<Tensor> tensors = tensors();
        writer.tensor(
                name,
                ElementType.UINT8,
                tensors.get(0).shape(),
                out -> out.write(quantization.pack(values, quantization.scales(values))));
        writer.tensor(
                tensors.get(1).name(),
                ElementType.FLOAT,
                tensors.get(1).shape(),
                out -> write(out, ElementType.FLOAT, quantization.scales(values)));
    }

    /**
     * Reads the numbers from a file that has the tensors.
     *
     * @throws RejectedException {@code NON_FINITE} if one is not finite, {@code NOT_SAFETENSORS} if integers and scales do not fit
     */
    float[] read(Safetensors file) throws IOException, RejectedException {
        if (!precision.isInteger()) {
            return finite(file, name);
        }
        TensorInfo entry = entry(file, name);
        byte[] packed = new byte[(int) entry.numel()];
        file.read(entry, 0, packed.length, packed, 0);
        float[] values = new Quantization(precision).unpack(packed, finite(file, name + SCALES), count());
        if (values == null) {
            throw TaskVectorFile.malformed("the integers of " + name + " do not fit their scales");
        }
        return values;
    }

    private ElementType type() {
        return precision == Precision.FLOAT16 ? ElementType.FLOAT16 : ElementType.FLOAT;
    }

    private static void write(OutputStream out, ElementType type, float[] values) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        int most = BUFFER_BYTES / type.bytes();
        for (int from = 0; from < values.length; from += most) {
            FloatEncoding.encode(type, values, from, Math.min(most, values.length - from), buffer.clear());
            out.write(buffer.array(), 0, buffer.position());
        }
    }

    private static float[] finite(Safetensors file, String name) throws IOException, RejectedException {
        TensorInfo entry = entry(file, name);
        float[] values = new float[(int) entry.numel()];
        file.read(entry, 0, values.length, values, 0);
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new RejectedException(
                        RejectionCode.NON_FINITE,
                        "Element " + i + " of " + name + " in a task vector is " + values[i] + ".");
            }
        }
        return values;
    }

    private static TensorInfo entry(Safetensors file, String name) {
        return file.entry(name).orElseThrow(() -> new IllegalArgumentException(name + " is not in this file"));
    }
}
