package dev.koine.bench.kernel;

import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.prune.PruneItem;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.prune.TensorPruner;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.FloatEncoding;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.TensorReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What is done to a tensor of base and expert as it lies in a file, by element type. */
@State(Scope.Thread)
public class TensorKernels {
    @Param({"1280x5120"})
    public String shape = "";

    @Param({"FLOAT", "FLOAT16", "BFLOAT16"})
    public ElementType type = ElementType.FLOAT;

    private float[] values = {};
    private float[] weights = {};
    private PruneTask task = new PruneTask(0, List.of());
    private List<Path> files = List.of();

    @Setup
    public void prepare() throws IOException {
        String[] sides = shape.split("x", 2);
        values = Deltas.of(Integer.parseInt(sides[0]), Integer.parseInt(sides[1]));
        weights = new float[values.length];
        TensorInfo base = file(1);
        TensorInfo expert = file(2);
        files = List.of(base.file(), expert.file());
        task = new PruneTask(0, List.of(new PruneItem(List.of("w"), Policy.DENSE, base, expert, 0, values.length)));
    }

    private TensorInfo file(float factor) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            switch (type) {
                case FLOAT16 -> bytes.putShort(FloatEncoding.toFloat16(factor * value));
                case BFLOAT16 -> bytes.putShort(FloatEncoding.toBfloat16(factor * value));
                default -> bytes.putFloat(factor * value);
            }
        }
        Path file = Files.createTempFile("koine-kernels", ".data");
        Files.write(file, bytes.array());
        return new TensorInfo("w", type, List.of((long) values.length), file, 0, bytes.capacity());
    }

    @TearDown
    public void delete() throws IOException {
        for (Path file : files) {
            Files.delete(file);
        }
    }

    /** Out of a mapped file, as float32. */
    @Benchmark
    public float[] decode() throws IOException {
        try (TensorReader reader = TensorReader.open(task.items().get(0).base())) {
            reader.read(0, weights, 0, weights.length);
        }
        return weights;
    }

    /** Base and expert out of their files, subtracted and kept whole. */
    @Benchmark
    public Object delta() throws RejectedException, IOException {
        return new TensorPruner(Recipe.PUBLISHED).prune(task);
    }
}
