package dev.koine.engine.taskvector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.Lanczos;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is stored in few bits says the same again when it is read. */
class QuantizationTest {
    @TempDir
    Path directory;

    @Property(tries = 300)
    void isExactOnItsOwnValues(@ForAll long seed, @ForAll @IntRange(max = 400) int count, @ForAll boolean halves) {
        Quantization quantization = new Quantization(halves ? Precision.INT4 : Precision.INT8);
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(40) - 30));
        }
        float[] before = values.clone();
        quantization.round(values, count);
        float[] scales = quantization.scales(values);
        byte[] packed = quantization.pack(values, scales);
        assertThat(packed).hasSize(quantization.bytes(count));
        assertThat(quantization.unpack(packed, scales, count)).isEqualTo(values);
        float[] again = values.clone();
        quantization.round(again, count);
        assertThat(again).isEqualTo(values);
        for (int i = 0; i < count; i++) {
            double half = scales[i / Quantization.RUN] == 0 ? 2e-36 : 0.5001 * scales[i / Quantization.RUN];
            assertThat((double) values[i]).isCloseTo(before[i], within(half));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"INT8", "INT4"})
    void aFileIsReadAsItWasWritten(Precision precision) throws Exception {
        float[] delta = new float[20 * 33];
        Random random = new Random(3);
        for (int i = 0; i < delta.length; i++) {
            delta[i] = (float) random.nextGaussian() * 1e-3f;
        }
        Pruner pruner = new Pruner(3, 0.2, precision, Lanczos::truncate);
        PrunedBlock lors = pruner.prune(delta, 20, 33, Policy.LORS);
        PrunedBlock dense = pruner.dense(delta, 301);
        Path file = directory.resolve("task-vector");
        TaskVectorFile.write(
                file,
                List.of(
                        new TaskVectorFile.Block(List.of("a"), 0, lors),
                        new TaskVectorFile.Block(List.of("b"), 7, dense)),
                Map.of());
        try (TaskVectorFile read = TaskVectorFile.open(file)) {
            assertThat(values(read.read(read.blocks().get(0)))).isEqualTo(values(lors));
            assertThat(values(read.read(read.blocks().get(1)))).isEqualTo(values(dense));
        }
        String text = Files.readString(file, StandardCharsets.ISO_8859_1);
        Files.writeString(
                file, text.replace("\"koine.version\":\"2\"", "\"koine.version\":\"1\""), StandardCharsets.ISO_8859_1);
        assertThat(catchThrowableOfType(RejectedException.class, () -> TaskVectorFile.open(file)))
                .hasMessageContaining("it lists integers");
    }

    @Test
    void integersThatDoNotFitTheirScalesAreRefused() {
        Quantization bytes = new Quantization(Precision.INT8);
        assertThat(bytes.unpack(new byte[] {127, 1}, new float[] {0.5f}, 2)).containsExactly(63.5f, 0.5f);
        assertThat(bytes.unpack(new byte[] {-128, 1}, new float[] {0.5f}, 2)).isNull();
        assertThat(bytes.unpack(new byte[] {126, 1}, new float[] {0.5f}, 2)).isNull();
        assertThat(bytes.unpack(new byte[] {127}, new float[] {-0.5f}, 1)).isNull();
        Quantization halves = new Quantization(Precision.INT4);
        assertThat(halves.unpack(new byte[] {(byte) 0x97, 2}, new float[] {1}, 3))
                .containsExactly(7, -7, 2);
        assertThat(halves.unpack(new byte[] {(byte) 0x97, 0x12}, new float[] {1}, 3))
                .isNull();
        assertThat(halves.unpack(new byte[] {(byte) 0x87}, new float[] {1}, 2)).isNull();
    }

    private static float[] values(PrunedBlock block) {
        float[] values = new float[block.numel()];
        block.read(0, values.length, values, 0);
        return values;
    }
}
