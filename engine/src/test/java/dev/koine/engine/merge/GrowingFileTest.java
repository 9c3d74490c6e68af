package dev.koine.engine.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.WorkPool;
import dev.koine.engine.store.Sha256;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The digest is the file's, whichever part is written first and by whom. */
class GrowingFileTest {
    private static final int PARTS = 60;
    private static final int PART_BYTES = 12_345;
    private static final int HEAD_BYTES = 77;

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void partsInAnyOrder(long seed) throws Exception {
        Random random = new Random(seed);
        byte[] content = new byte[HEAD_BYTES + PARTS * PART_BYTES];
        random.nextBytes(content);
        Path path = directory.resolve("file");
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
                WorkPool pool = new WorkPool(4)) {
            file.setLength(content.length);
            file.write(content, 0, HEAD_BYTES);
            long[] starts = new long[PARTS];
            List<Integer> order = new ArrayList<>();
            for (int i = 0; i < PARTS; i++) {
                starts[i] = HEAD_BYTES + (long) i * PART_BYTES;
                order.add(i);
            }
            Collections.shuffle(order, random);
            GrowingFile growing = new GrowingFile(path, starts, pool.executor());
            List<WorkPool.Part<Boolean>> parts = new ArrayList<>();
            for (int part : order) {
                parts.add(() -> {
                    synchronized (file) {
                        file.seek(starts[part]);
                        file.write(content, (int) starts[part], PART_BYTES);
                    }
                    growing.completed(part);
                    return true;
                });
            }
            pool.runAll(parts);
            assertThat(growing.size()).isEqualTo(content.length);
            assertThat(growing.finish()).isEqualTo(Sha256.of(content));
        }
    }

    @Test
    void aFileWithoutPartsIsHashedAtTheEnd() throws Exception {
        Path path = Files.writeString(directory.resolve("file"), "text");
        assertThat(new GrowingFile(path, new long[0], Runnable::run).finish()).isEqualTo(Sha256.of(path));
        Path empty = Files.createFile(directory.resolve("empty"));
        assertThat(new GrowingFile(empty, new long[0], Runnable::run).finish()).isEqualTo(Sha256.of(empty));
    }

    @Test
    void aPartThatIsMissingIsNoticed() throws Exception {
        Path path = Files.writeString(directory.resolve("file"), "text");
        GrowingFile file = new GrowingFile(path, new long[] {1, 2}, Runnable::run);
        file.completed(1);
        assertThatThrownBy(file::finish)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("1 bytes of 4");
    }
}
