package dev.koine.speech.statistics;

import ai.onnxruntime.OnnxTensor;
import dev.koine.engine.onnx.wiring.Window;
import dev.koine.engine.statistics.Activation;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Optional;

/** An activation as the vectors that its layers multiply their weights with, position by position. */
interface Vectors {
    /** The number of positions. */
    int count();

    /** Writes the vectors of {@code count} positions from one on, one behind the other. */
    void read(int from, int count, float[] target);

    /**
     * The vectors of a value.
     *
     * @throws IllegalStateException if it is not of floats, or has not the shape that its layers need
     */
    static Vectors of(Activation activation, OnnxTensor tensor) {
        long[] shape = tensor.getInfo().getShape();
        int size = activation.input().size();
        FloatBuffer values = tensor.getFloatBuffer();
        Optional<Window> window = activation.window();
        boolean fits = window.isEmpty()
                ? shape.length > 0 && shape[shape.length - 1] == size
                : shape.length == window.get().kernel().size() + 2
                        && shape[1]
                                        * window.get().kernel().stream()
                                                .mapToLong(Integer::longValue)
                                                .reduce(1, (a, b) -> a * b)
                                == size;
        if (values == null || !fits) {
            throw new IllegalStateException("The value '" + activation.value() + "' has the shape "
                    + Arrays.toString(shape) + " of " + tensor.getInfo().type + ", and its layers take " + size
                    + " floats at a time.");
        }
        return window.isEmpty() ? new Rows(values, size) : new Columns(values, shape, window.get());
    }

    /** The last dimension of a tensor. */
    record Rows(FloatBuffer values, int size) implements Vectors {
        @Override
        public int count() {
            return values.limit() / size;
        }

        @Override
        public void read(int from, int count, float[] target) {
            values.get(from * size, target, 0, count * size);
        }
    }

    /** What lies under a window at each of its positions ("im2col"); of one direction as of two, the first of which has length 1. */
    final class Columns implements Vectors {
        private final FloatBuffer values;
        private final int channels;
        private final int height;
        private final int width;
        private final int batch;
        private final Direction down;
        private final Direction along;

        private record Direction(int kernel, int stride, int pad, int dilation, int positions) {
            static Direction of(Window window, int direction, int length) {
                return new Direction(
                        window.kernel().get(direction),
                        window.strides().get(direction),
                        window.pads().get(direction),
                        window.dilations().get(direction),
                        window.positions(direction, length));
            }
        }

        Columns(FloatBuffer values, long[] shape, Window window) {
            int last = window.kernel().size() - 1;
            this.values = values;
            this.batch = Math.toIntExact(shape[0]);
            this.channels = Math.toIntExact(shape[1]);
            this.height = last == 0 ? 1 : Math.toIntExact(shape[2]);
            this.width = Math.toIntExact(shape[2 + last]);
            this.down = last == 0 ? new Direction(1, 1, 0, 1, 1) : Direction.of(window, 0, height);
            this.along = Direction.of(window, last, width);
        }

        @Override
        public int count() {
            return batch * down.positions * along.positions;
        }

        @Override
        public void read(int from, int count, float[] target) {
            int at = 0;
            for (int position = from; position < from + count; position++) {
                int x = position % along.positions * along.stride - along.pad;
                int y = position / along.positions % down.positions * down.stride - down.pad;
                int item = position / along.positions / down.positions;
                for (int channel = 0; channel < channels; channel++) {
                    int plane = (item * channels + channel) * height;
                    for (int i = 0; i < down.kernel; i++) {
                        int row = y + i * down.dilation;
                        for (int j = 0; j < along.kernel; j++) {
                            int column = x + j * along.dilation;
                            boolean isInside = row >= 0 && row < height && column >= 0 && column < width;
                            target[at++] = isInside ? values.get((plane + row) * width + column) : 0;
                        }
                    }
                }
            }
        }
    }
}
