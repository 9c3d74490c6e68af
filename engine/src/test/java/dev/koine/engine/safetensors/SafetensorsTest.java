package dev.koine.engine.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.TensorInfo;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {
    private static final String GOOD = "{'dtype':'F32','shape':[2],'data_offsets':[0,8]}";

    @TempDir
    Path folder;

    private Path path;

    @BeforeEach
    void place() {
        path = folder.resolve("file.safetensors");
    }

    @Test
    void readsFloatsOfAllWidthsAndLongsByName() throws Exception {
        byte[] longs = bytes(16).putLong(-1).putLong(50257).array();
        byte[] f32 = bytes(8).putFloat(1.5f).putFloat(-0f).array();
        byte[] f16 = bytes(4).putShort((short) 0x3c00).putShort((short) 1).array();
        byte[] bf16 = bytes(2).putShort((short) 0xc000).array();
        try (OutputStream out = Files.newOutputStream(path)) {
            new SafetensorsWriter()
                    .tensor("labels", ElementType.INT64, List.of(2L), o -> o.write(longs))
                    .tensor("f32", ElementType.FLOAT, List.of(1L, 2L), o -> o.write(f32))
                    .tensor("f16", ElementType.FLOAT16, List.of(2L), o -> o.write(f16))
                    .tensor("bf16", ElementType.BFLOAT16, List.of(), o -> o.write(bf16))
                    .tensor("empty", ElementType.FLOAT, List.of(0L, 7L), o -> {})
                    .metadata(Map.of("languages", "sw cy"))
                    .writeTo(out);
        }
        try (Safetensors file = Safetensors.open(path)) {
            assertThat(file.metadata()).isEqualTo(Map.of("languages", "sw cy"));
            assertThat(floats(file, "f32")).containsExactly(1.5f, -0f);
            assertThat(floats(file, "f16")).containsExactly(1f, 0x1p-24f);
            assertThat(floats(file, "bf16")).containsExactly(-2f);
            assertThat(floats(file, "empty")).isEmpty();
            long[] labels = new long[3];
            file.read(entry(file, "labels"), 1, 1, labels, 2);
            assertThat(labels).containsExactly(0, 0, 50257);
            assertThat(file.entry("f64")).isEmpty();
            assertThatThrownBy(() -> file.read(entry(file, "f32"), 1, 2, new float[2], 0))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> file.read(entry(file, "labels"), 0, 1, new float[1], 0))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(ByteBuffer.wrap(Files.readAllBytes(path))
                                .order(ByteOrder.LITTLE_ENDIAN)
                                .getLong()
                        % 8)
                .isZero();
    }

    @Test
    void readsAcrossChunks() throws Exception {
        int count = 200_000;
        ByteBuffer elements = bytes(4 * count);
        for (int i = 0; i < count; i++) {
            elements.putFloat(i);
        }
        try (OutputStream out = Files.newOutputStream(path)) {
            new SafetensorsWriter()
                    .tensor("x", ElementType.FLOAT, List.of((long) count), o -> o.write(elements.array()))
                    .writeTo(out);
        }
        try (Safetensors file = Safetensors.open(path)) {
            float[] x = floats(file, "x");
            for (int i = 0; i < count; i++) {
                assertThat(x[i]).isEqualTo(i);
            }
        }
    }

    @Test
    void aWellFormedFileOpens() throws Exception {
        writeWithEightBytes("{'a':" + GOOD + "}  ");
        Safetensors.open(path).close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "{",
                "{}",
                "{'a':" + GOOD + "}{}",
                "{'a':" + GOOD + ",'__metadata__':7}",
                "{'a':" + GOOD + ",'__metadata__':{'a':1}}",
                "{'a':" + GOOD + ",'a':" + GOOD + "}",
                "{'a':" + GOOD + ",'b':" + GOOD + "}",
                "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,8]}}",
                "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}}",
                "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}",
                "{'a':{'dtype':'F32','shape':[3],'data_offsets':[0,12]}}",
                "{'a':{'dtype':'F32','shape':[-2],'data_offsets':[8,0]}}",
                "{'a':{'dtype':'F32','shape':[-1,-2],'data_offsets':[0,8]}}",
                "{'a':{'dtype':'F32','shape':[2.0],'data_offsets':[0,8]}}",
                "{'a':{'dtype':'F4','shape':[2],'data_offsets':[0,8]}}",
                "{'a':{'dtype':'F32','shape':[4611686018427387904,4],'data_offsets':[0,0]}}",
                "{'a':{'dtype':'F32','shape':[99999999999999999999],'data_offsets':[0,8]}}",
                "{'a':{'dtype':'F32','data_offsets':[0,8]}}",
                "{'a':5}",
            })
    void malformedHeadersAreRefused(String header) throws IOException {
        writeWithEightBytes(header);
        requireRefused();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, 9, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 40})
    void impossibleHeaderLengthsAreRefused(long length) throws IOException {
        Files.write(path, bytes(16).putLong(length).array());
        requireRefused();
    }

    @Test
    void anEmptyFileIsRefused() throws IOException {
        Files.write(path, new byte[0]);
        requireRefused();
    }

    private void writeWithEightBytes(String header) throws IOException {
        byte[] json = header.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        Files.write(path, bytes(16 + json.length).putLong(json.length).put(json).array());
    }

    private void requireRefused() {
        assertThatThrownBy(() -> Safetensors.open(path).close())
                .isInstanceOfSatisfying(
                        RejectedException.class, e -> assertThat(e.code()).isEqualTo(RejectionCode.NOT_SAFETENSORS))
                .hasMessageContaining("file.safetensors");
    }

    private static TensorInfo entry(Safetensors file, String name) {
        return file.entry(name).orElseThrow();
    }

    private static float[] floats(Safetensors file, String name) throws IOException {
        TensorInfo entry = entry(file, name);
        float[] values = new float[(int) entry.numel()];
        file.read(entry, 0, values.length, values, 0);
        return values;
    }

    private static ByteBuffer bytes(int count) {
        return ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
    }
}
