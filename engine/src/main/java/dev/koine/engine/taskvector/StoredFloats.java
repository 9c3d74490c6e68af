package dev.koine.engine.taskvector;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.linalg.Float16;
import dev.koine.engine.safetensors.Safetensors;
import dev.koine.engine.safetensors.SafetensorsWriter;
import dev.koine.engine.safetensors.TensorEntry;
import dev.koine.engine.safetensors.TensorType;
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
    record Tensor(String name, TensorType type, List<Long> shape) {}

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
                new Tensor(name, TensorType.U8, List.of(bytes)),
                new Tensor(name + SCALES, TensorType.F32, List.of((long) Quantization.runs(count()))));
    }

    /** Adds the numbers to a file, which are what this precision can say. */
    void addTo(SafetensorsWriter writer, float[] values) {
        if (!precision.isInteger()) {
            writer.tensor(name, type(), shape, out -> write(out, values, precision == Precision.FLOAT16));
            return;
        }
        Quantization quantization = new Quantization(precision);
        List<Tensor> tensors = tensors();
        writer.tensor(
                name,
                TensorType.U8,
                tensors.get(0).shape(),
                out -> out.write(quantization.pack(values, quantization.scales(values))));
        writer.tensor(
                tensors.get(1).name(),
                TensorType.F32,
                tensors.get(1).shape(),
                out -> write(out, quantization.scales(values), false));
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
        TensorEntry entry = entry(file, name);
        byte[] packed = new byte[(int) entry.numel()];
        file.read(entry, 0, packed.length, packed, 0);
        float[] values = new Quantization(precision).unpack(packed, finite(file, name + SCALES), count());
        if (values == null) {
            throw TaskVectorFile.malformed("the integers of " + name + " do not fit their scales");
        }
        return values;
    }

    private TensorType type() {
        return precision == Precision.FLOAT16 ? TensorType.F16 : TensorType.F32;
    }

    private static void write(OutputStream out, float[] values, boolean halves) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            if (buffer.remaining() < Float.BYTES) {
                out.write(buffer.array(), 0, buffer.position());
                buffer.clear();
            }
            if (halves) {
                buffer.putShort(Float16.fromFloat(value));
            } else {
                buffer.putFloat(value);
            }
        }
        out.write(buffer.array(), 0, buffer.position());
    }

    private static float[] finite(Safetensors file, String name) throws IOException, RejectedException {
        TensorEntry entry = entry(file, name);
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

    private static TensorEntry entry(Safetensors file, String name) {
        return file.entry(name).orElseThrow(() -> new IllegalArgumentException(name + " is not in this file"));
    }
}
