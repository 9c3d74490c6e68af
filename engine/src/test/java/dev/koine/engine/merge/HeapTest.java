package dev.koine.engine.merge;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.GraphProto;
import dev.koine.engine.Progress;
import dev.koine.engine.WorkPool;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.merge.recipe.PolicyRule;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.Protos;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The heap holds indexes and a few chunks, never a model: a Java machine with a small heap merges a model many times as large. */
class HeapTest {
    private static final String HEAP = "-Xmx40m";
    private static final int MATRICES = 256;
    private static final long SIDE = 512;

    @TempDir
    Path directory;

    /** Merges in a Java machine of its own: base, expert, directory to work in. */
    static final class Child {
        private Child() {}

        public static void main(String[] args) throws Exception {
            Path work = Path.of(args[2]);
            Recipe dense = new Recipe(0, 0, 1, Precision.FLOAT32, List.of(new PolicyRule("**", Policy.DENSE)));
            try (WorkPool pool = new WorkPool(2)) {
                new OfflineMerge(ModelBundle.open(Path.of(args[0])), dense, Lanczos::truncate, pool, Progress.NONE)
                        .merge(List.of(new OfflineMerge.Expert(Path.of(args[1]), 1)), work.resolve("merged"));
            }
        }
    }

    @Test
    void aSmallHeapMergesALargeModel() throws Exception {
        Path base = write("base", 0);
        Path expert = write("expert", 0.5f);
        assertThat(Files.size(base.resolve("weights"))).isEqualTo(256L << 20);

        Path log = directory.resolve("log");
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        HEAP,
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Child.class.getName(),
                        base.toString(),
                        expert.toString(),
                        directory.toString())
                .redirectErrorStream(true)
                .redirectOutput(Redirect.to(log.toFile()))
                .start();
        try {
            assertThat(child.waitFor(10, TimeUnit.MINUTES)).isTrue();
        } finally {
            child.destroyForcibly();
        }
        assertThat(log).content().isEmpty();
        assertThat(child.exitValue()).isZero();
        assertThat(directory.resolve("merged/weights")).hasSameBinaryContentAs(expert.resolve("weights"));
    }

    /** A chain of matrices that are zero but for the diagonals of every eighth, in a sparse file. */
    private Path write(String name, float shift) throws IOException {
        Path bundle = Files.createDirectories(directory.resolve(name));
        long bytes = SIDE * SIDE * Float.BYTES;
        GraphProto.Builder graph = GraphProto.newBuilder()
                .addInput(Protos.value("x0", Protos.FLOAT, 1, SIDE))
                .addOutput(Protos.value("x" + MATRICES, Protos.FLOAT, 1, SIDE));
        try (RandomAccessFile data =
                new RandomAccessFile(bundle.resolve("weights").toFile(), "rw")) {
            data.setLength(MATRICES * bytes);
            for (int i = 0; i < MATRICES; i++) {
                graph.addInitializer(Protos.external("w" + i, List.of(SIDE, SIDE), "weights", i * bytes));
                graph.addNode(Protos.node("MatMul", "", List.of("x" + i, "w" + i), List.of("x" + (i + 1))));
                for (int j = 0; i % 8 == 0 && j < SIDE; j++) {
                    data.seek(i * bytes + j * (SIDE + 1) * Float.BYTES);
                    data.write(Protos.bytes(1 + i / 8f + shift));
                }
            }
        }
        Protos.write(bundle, "model.onnx", Protos.model(graph));
        return bundle;
    }
}
