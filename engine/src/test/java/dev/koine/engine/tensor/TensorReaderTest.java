package dev.koine.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.ShortFileException;
import dev.koine.engine.onnx.Protos;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorReaderTest {
    @TempDir
    Path directory;

    @Test
    void readsAcrossSegmentsOfAnUnalignedTensor() throws Exception {
        Path file = directory.resolve("sparse");
        long numel = (1L << 28) + 4;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            ByteBuffer middle = ByteBuffer.wrap(Protos.bytes(1, 2, 3, 4, 5, 6, 7, 8));
            channel.write(middle, 3 + 4 * (numel - 8));
        }
        try (TensorReader reader = TensorReader.open(tensor(ElementType.FLOAT, file, 3, numel))) {
            float[] values = new float[10];
            reader.read(numel - 8, values, 1, 8);
            assertThat(values).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 0);
        }
    }

    @Test
    void readsHalfPrecisionAtAnyOffset() throws Exception {
        Path file = directory.resolve("half");
        for (int offset = 0; offset < 4; offset++) {
            ByteBuffer bytes = ByteBuffer.allocate(offset + 4).order(ByteOrder.LITTLE_ENDIAN);
            Files.write(
                    file,
                    bytes.putShort(offset, (short) 0x3c00)
                            .putShort(offset + 2, (short) 0xc000)
                            .array());
            float[] values = new float[2];
            try (TensorReader reader = TensorReader.open(tensor(ElementType.FLOAT16, file, offset, 2))) {
                reader.read(0, values, 0, 2);
            }
            assertThat(values).containsExactly(1, -2);
            try (TensorReader reader = TensorReader.open(tensor(ElementType.BFLOAT16, file, offset, 2))) {
                reader.read(1, values, 0, 1);
            }
            assertThat(values[0]).isEqualTo(-2);
        }
    }

    @Test
    void refusesLinksShortFilesOtherTypesAndUseAfterClose() throws Exception {
        Path file = Files.write(directory.resolve("data"), new byte[8]);
        Path link = Files.createSymbolicLink(directory.resolve("link"), file);
        assertThatThrownBy(() -> TensorReader.open(tensor(ElementType.FLOAT, link, 0, 2)))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> TensorReader.open(tensor(ElementType.FLOAT, file, 4, 2)))
                .isInstanceOf(ShortFileException.class)
                .hasMessageContaining(file.toString());
        assertThatThrownBy(() -> TensorReader.open(tensor(ElementType.INT64, file, 0, 1)))
                .isInstanceOf(IllegalArgumentException.class);
        TensorReader reader = TensorReader.open(tensor(ElementType.FLOAT, file, 0, 2));
        reader.close();
        assertThatThrownBy(() -> reader.read(0, new float[1], 0, 1)).isInstanceOf(IOException.class);
    }

    private static TensorInfo tensor(ElementType type, Path file, long offset, long numel) {
        return new TensorInfo("w", type, List.of(numel), file, offset, numel * type.bytes());
    }
}
