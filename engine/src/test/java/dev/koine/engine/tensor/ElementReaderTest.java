package dev.koine.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class ElementReaderTest {
    private static final ElementType[] TYPES = {ElementType.FLOAT, ElementType.FLOAT16, ElementType.BFLOAT16};

    @Property(tries = 60)
    void aMatrixStoredByColumnsIsReadByRowsHoweverItIsCut(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        int rows = 1 + random.nextInt(150);
        int columns = 1 + random.nextInt(90);
        ElementType type = TYPES[random.nextInt(TYPES.length)];
        Path file = Files.createTempFile("koine", "tensor");
        try {
            float[] stored = write(file, type, rows * columns, random);
            TensorInfo tensor = new TensorInfo(
                    "t", type, List.of((long) columns, (long) rows), file, 3, (long) stored.length * type.bytes());
            assertThat(tensor.transposed().transposed()).isEqualTo(tensor);
            float[] expected = new float[stored.length];
            for (int i = 0; i < expected.length; i++) {
                expected[i] = stored[i % columns * rows + i / columns];
            }
            assertReads(tensor.transposed(), expected, random);
        } finally {
            Files.delete(file);
        }
    }

    @Property(tries = 60)
    void joinedTensorsAreReadAsOneHoweverTheyAreCut(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        int axis = random.nextInt(2);
        int across = 1 + random.nextInt(20);
        List<Joined.Part> parts = new ArrayList<>();
        List<float[]> values = new ArrayList<>();
        List<Path> files = new ArrayList<>();
        int along = 0;
        try {
            for (int p = 0; p < 1 + random.nextInt(3); p++) {
                int own = 1 + random.nextInt(20);
                files.add(Files.createTempFile("koine", "tensor"));
                float factor = random.nextBoolean() ? 1 : 0.3f;
                float[] stored = write(files.get(p), ElementType.FLOAT, own * across, random);
                List<Long> shape = axis == 0 ? List.of((long) own, (long) across) : List.of((long) across, (long) own);
                parts.add(new Joined.Part(
                        new TensorInfo("t" + p, ElementType.FLOAT, shape, files.get(p), 3, 4L * stored.length),
                        factor));
                for (int i = 0; i < stored.length; i++) {
                    stored[i] *= factor;
                }
                values.add(stored);
                along += own;
            }
            List<Long> shape = axis == 0 ? List.of((long) along, (long) across) : List.of((long) across, (long) along);
            assertReads(new Joined(shape, axis, parts), joined(values, axis, across, along), random);
        } finally {
            for (Path file : files) {
                Files.delete(file);
            }
        }
    }

    @Test
    void partsThatDoNotMakeUpTheWholeAreRefused() {
        TensorInfo part = new TensorInfo("t", ElementType.FLOAT, List.of(2L, 3L), Path.of("t"), 0, 24);
        List<Joined.Part> twice = List.of(new Joined.Part(part, 1), new Joined.Part(part, 1));
        assertThat(new Joined(List.of(4L, 3L), 0, twice).tensors()).containsExactly(part, part);
        assertThatThrownBy(() -> new Joined(List.of(5L, 3L), 0, twice)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Joined(List.of(4L, 4L), 0, twice)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Joined(List.of(2L, 6L), 2, twice)).isInstanceOf(IllegalArgumentException.class);
    }

    private static float[] joined(List<float[]> values, int axis, int across, int along) {
        float[] joined = new float[across * along];
        int at = 0;
        for (float[] part : values) {
            int own = part.length / across;
            for (int i = 0; i < part.length; i++) {
                int place = axis == 0 ? at * across + i : i / own * along + at + i % own;
                joined[place] = part[i];
            }
            at += own;
        }
        return joined;
    }

    private static void assertReads(Values values, float[] expected, Random random) throws IOException {
        try (ElementReader reader = ElementReader.open(values)) {
            assertThat(reader.numel()).isEqualTo(expected.length);
            float[] all = new float[expected.length];
            reader.read(0, all, 0, all.length);
            assertThat(all).isEqualTo(expected);
            for (int i = 0; i < 20; i++) {
                int from = random.nextInt(expected.length);
                int count = random.nextInt(expected.length - from + 1);
                float[] some = new float[count + 2];
                reader.read(from, some, 1, count);
                for (int j = 0; j < count; j++) {
                    assertThat(some[j + 1]).isEqualTo(expected[from + j]);
                }
                assertThat(some[0]).isZero();
                assertThat(some[count + 1]).isZero();
            }
        }
    }

    private static float[] write(Path file, ElementType type, int count, Random random) throws IOException {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = FloatEncoding.rounded(type, (float) random.nextGaussian());
        }
        ByteBuffer bytes = ByteBuffer.allocate(3 + count * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        FloatEncoding.encode(type, values, 0, count, bytes.position(3));
        Files.write(file, bytes.array());
        return values;
    }
}
