package dev.koine.engine.taskvector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.safetensors.Safetensors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TaskVectorFileTest {
    private static final String DAMAGE = "0123456789-[]{},\"\\:.Fn";

    @TempDir
    Path folder;

    @Property(tries = 200)
    void comesBackBitForBitWhateverTheOrder(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        List<TaskVectorFile.Block> blocks = new ArrayList<>(Blocks.randomVector(random));
        byte[] bytes = bytes(blocks);
        Collections.shuffle(blocks, random);
        assertThat(bytes(blocks)).isEqualTo(bytes);

        Path scratch = Files.createTempFile("task-vector", ".safetensors");
        Files.write(scratch, bytes);
        try (TaskVectorFile file = TaskVectorFile.open(scratch)) {
            assertThat(file.metadata()).isEqualTo(Map.of("expert", "sw"));
            assertThat(file.blocks()).hasSameSizeAs(blocks);
            List<TaskVectorFile.Block> again = new ArrayList<>();
            for (TaskVectorFile.Entry index : file.blocks()) {
                PrunedBlock block = file.read(index);
                again.add(new TaskVectorFile.Block(index.weights(), index.from(), block));
                TaskVectorFile.Block original = blocks.stream()
                        .filter(b -> b.weights().equals(index.weights()) && b.from() == index.from())
                        .findFirst()
                        .orElseThrow();
                assertThat(block.precision()).isEqualTo(original.values().precision());
                assertThat(PrunerTest.read(block)).containsExactly(PrunerTest.read(original.values()));
            }
            assertThat(bytes(again)).isEqualTo(bytes);
        } finally {
            Files.delete(scratch);
        }
    }

    @Property(tries = 1500)
    void aDamagedFileIsRefusedAndNothingElse(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        byte[] bytes = bytes(Blocks.randomVector(random));
        Path scratch = Files.createTempFile("task-vector", ".safetensors");
        Files.write(scratch, damaged(bytes, random));
        try (TaskVectorFile file = TaskVectorFile.open(scratch)) {
            for (TaskVectorFile.Entry index : file.blocks()) {
                PrunedBlock block = file.read(index);
                block.read(0, Math.min(1000, block.numel()), new float[1000], 0);
            }
        } catch (RejectedException e) {
            assertThat(e.code()).isIn(RejectionCode.NOT_SAFETENSORS, RejectionCode.NON_FINITE);
        } finally {
            Files.delete(scratch);
        }
    }

    @Test
    void anUnknownVersionIsRefusedByName() throws Exception {
        requireRefused(edited("\"koine.version\":\"1\"", "\"koine.version\":\"7\""), "version '7'");
        requireRefused(edited("koine-task-vector", "koine-task-victor"), "koine-task-victor");
    }

    @Test
    void anIndexThatDoesNotFitItsTensorsIsRefused() throws Exception {
        requireRefused(edited("\\\"keep\\\":3", "\\\"keep\\\":2"), "values");
        requireRefused(edited("\\\"rows\\\":4", "\\\"rows\\\":9"), "shape");
        requireRefused(edited("\\\"rank\\\":2", "\\\"rank\\\":0"), "belong to no block");
        requireRefused(edited("\\\"from\\\":0", "\\\"from\\\":7"), "is not there");
        requireRefused(edited("\\\"columns\\\":5", "\\\"columns\\\":-5"), "impossible");
        requireRefused(edited("\\\"precision\\\":\\\"FLOAT16\\\"", "\\\"precision\\\":\\\"FLOAT32\\\""), "F32");
        requireRefused(edited("\\\"precision\\\":\\\"FLOAT16\\\"", "\\\"precision\\\":null"), "unreadable");
        requireRefused(edited("\\\"dense\\\":false", "\\\"dense\\\":\\\"?\\\""), "unreadable");
    }

    @Test
    void overlappingRunsAreRefused() throws Exception {
        PrunedBlock block = Blocks.prune(new float[10], 1, 10, Policy.DENSE, 0, 0, Precision.FLOAT32);
        Path path = folder.resolve("overlap");
        TaskVectorFile.write(
                path,
                List.of(
                        new TaskVectorFile.Block(List.of("a", "tied"), 0, block),
                        new TaskVectorFile.Block(List.of("b", "tied"), 9, block)),
                Map.of());
        requireRefused(Files.readAllBytes(path), "overlap");
    }

    @Test
    void aBlockMayBeATransposesToo() throws Exception {
        PrunedBlock block = Blocks.prune(new float[10], 1, 10, Policy.DENSE, 0, 0, Precision.FLOAT16);
        Path path = folder.resolve("transposed");
        TaskVectorFile.write(path, List.of(new TaskVectorFile.Block(List.of("a", "/b"), 0, block)), Map.of());
        try (Safetensors file = Safetensors.open(path)) {
            assertThat(file.metadata()).containsEntry("koine.version", "3");
        }
        try (TaskVectorFile file = TaskVectorFile.open(path)) {
            assertThat(file.blocks().get(0).weights()).containsExactly("a", "/b");
        }
        String vector = Files.readString(path, StandardCharsets.ISO_8859_1);
        requireRefused(
                vector.replace("version\":\"3", "version\":\"2").getBytes(StandardCharsets.ISO_8859_1), "transposes");
    }

    @Test
    void aTransposeByItselfOrOfADecompositionIsRefused() throws Exception {
        PrunedBlock dense = Blocks.prune(new float[10], 1, 10, Policy.DENSE, 0, 0, Precision.FLOAT32);
        PrunedBlock integers = Blocks.prune(new float[10], 1, 10, Policy.DENSE, 0, 0, Precision.INT8);
        for (TaskVectorFile.Block block : List.of(
                new TaskVectorFile.Block(List.of("/a"), 0, dense),
                new TaskVectorFile.Block(List.of("a", "/b"), 0, integers),
                new TaskVectorFile.Block(
                        List.of("a", "/b"), 0, oneBlock().get(0).values()))) {
            Path path = folder.resolve("never");
            TaskVectorFile.write(path, List.of(block), Map.of());
            requireRefused(Files.readAllBytes(path), "transpose where none can be");
        }
    }

    @Test
    void readsAsSafetensors() throws Exception {
        Path path = folder.resolve("vector");
        Files.write(path, bytes(oneBlock()));
        try (Safetensors file = Safetensors.open(path)) {
            assertThat(file.entries())
                    .containsOnlyKeys("e.onnx/w@0.u", "e.onnx/w@0.v", "e.onnx/w@0.mask", "e.onnx/w@0.values");
            assertThat(file.entry("e.onnx/w@0.mask").orElseThrow().shape()).containsExactly(3L);
        }
    }

    @Test
    void refusesToWriteWhatItCouldNotRead() {
        assertThatThrownBy(() -> TaskVectorFile.write(new ByteArrayOutputStream(), oneBlock(), Map.of("koine.x", "")))
                .isInstanceOf(IllegalArgumentException.class);
        List<TaskVectorFile.Block> twice = List.of(oneBlock().get(0), oneBlock().get(0));
        assertThatThrownBy(() -> TaskVectorFile.write(new ByteArrayOutputStream(), twice, Map.of()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private void requireRefused(byte[] bytes, String message) throws IOException {
        Path path = folder.resolve("refused");
        Files.write(path, bytes);
        assertThatThrownBy(() -> TaskVectorFile.open(path).close())
                .isInstanceOfSatisfying(
                        RejectedException.class, e -> assertThat(e.code()).isEqualTo(RejectionCode.NOT_SAFETENSORS))
                .hasMessageContaining(message);
    }

    private static List<TaskVectorFile.Block> oneBlock() {
        float[] delta = new float[20];
        Random random = new Random(3);
        for (int i = 0; i < 20; i++) {
            delta[i] = (float) random.nextGaussian();
        }
        return List.of(new TaskVectorFile.Block(
                List.of("e.onnx/w"), 0, Blocks.prune(delta, 4, 5, Policy.LORS, 2, 0.15, Precision.FLOAT16)));
    }

    private static byte[] edited(String from, String to) throws IOException {
        byte[] bytes = bytes(oneBlock());
        int length = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        String header = new String(bytes, 8, length, StandardCharsets.UTF_8);
        assertThat(header).contains(from);
        byte[] edited = header.replace(from, to).getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(edited.length + bytes.length - length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(edited.length)
                .put(edited)
                .put(bytes, 8 + length, bytes.length - 8 - length)
                .array();
    }

    private static byte[] damaged(byte[] bytes, Random random) {
        byte[] damaged = bytes.clone();
        int header = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        int hits = 1 + random.nextInt(3);
        for (int i = 0; i < hits; i++) {
            int at = random.nextInt(random.nextInt(3) == 0 ? bytes.length : 8 + header);
            damaged[at] =
                    (byte) (random.nextBoolean() ? DAMAGE.charAt(random.nextInt(DAMAGE.length())) : random.nextInt());
        }
        return random.nextInt(4) == 0 ? Arrays.copyOf(damaged, random.nextInt(damaged.length + 9)) : damaged;
    }

    private static byte[] bytes(List<TaskVectorFile.Block> blocks) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        TaskVectorFile.write(out, blocks, Map.of("expert", "sw"));
        return out.toByteArray();
    }
}
