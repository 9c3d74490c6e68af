package dev.koine.bench.job;

import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.merge.Member;
import dev.koine.engine.merge.RunningModel;
import dev.koine.engine.merge.TaskVector;
import dev.koine.engine.merge.method.RegMean;
import dev.koine.engine.merge.prune.PrunePlan;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.prune.TensorPruner;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.safetensors.SafetensorsWriter;
import dev.koine.engine.statistics.LayerInput;
import dev.koine.engine.statistics.LayerInputs;
import dev.koine.engine.statistics.LowRankGram;
import dev.koine.engine.statistics.Statistics;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.LocalStore;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.FloatEncoding;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * What an event costs Head where matrices are weighed by statistics, beside the sum of the same task vectors: the totals are changed, the version is
 * written, forced to disk, hashed and kept. All take turns. Statistics are random, of as many eigenvectors as koine statistics keeps, one file an
 * expert; task vectors are one under different weights.
 */
public final class WeighedCost {
    private static final double WEIGHT = 0.5;

    private final LocalStore store;
    private final ModelBundle base;
    private final String baseDigest;
    private final Path work;
    private final WorkPool pool;

    private WeighedCost(LocalStore store, ModelBundle base, String baseDigest, Path work, WorkPool pool) {
        this.store = store;
        this.base = base;
        this.baseDigest = baseDigest;
        this.work = work;
        this.pool = pool;
    }

    /**
     * Arguments: folder with {@code base} and {@code expert}, empty folder to work in, threads, rounds, numbers of experts inside before the event, such as 3,8,24.
     * Prints Markdown.
     */
    public static void main(String[] arguments) throws Exception {
        Path models = Path.of(arguments[0]).toRealPath();
        Path work = Path.of(arguments[1]).toRealPath();
        try (WorkPool pool = new WorkPool(Integer.parseInt(arguments[2]))) {
            new WeighedCost(
                            LocalStore.open(work.resolve("store"), pool.executor()),
                            ModelBundle.open(models.resolve("base")),
                            Bundle.describe(models.resolve("base")).digest(),
                            work,
                            pool)
                    .measure(
                            models.resolve("expert"),
                            Integer.parseInt(arguments[3]),
                            Arrays.stream(arguments[4].split(",", -1))
                                    .mapToInt(Integer::parseInt)
                                    .toArray());
        }
    }

    private record Subject(String name, int inside, RunningModel model, Member next, List<Sample> samples) {}

    private void measure(Path expert, int rounds, int[] insides) throws RejectedException, IOException {
        TaskVector vector = prune(expert);
        List<Subject> subjects = new ArrayList<>();
        subjects.add(subject("COMPACT", Recipe.DEFAULT, vector, insides[0]));
        for (int inside : insides) {
            subjects.add(subject("REGMEAN", Recipe.standard(new RegMean()), vector, inside));
        }
        for (int round = -1; round < rounds; round++) {
            for (Subject subject : subjects) {
                Sample sample = time(subject);
                if (round >= 0) {
                    subject.samples().add(sample);
                }
            }
        }
        report(subjects);
        for (Subject subject : subjects) {
            subject.model().close();
        }
    }

    private TaskVector prune(Path expert) throws RejectedException, IOException {
        List<PruneTask> tasks =
                PrunePlan.of(Alignment.of(base, ModelBundle.open(expert)).weights(), Recipe.DEFAULT);
        TensorPruner pruner = new TensorPruner(Recipe.DEFAULT);
        List<WorkPool.Part<String>> parts = new ArrayList<>();
        for (PruneTask task : tasks) {
            parts.add(() -> pruner.prune(task, store));
        }
        return new TaskVector(baseDigest, Bundle.describe(expert).digest(), pool.runAll(parts));
    }

    private Subject subject(String name, Recipe recipe, TaskVector vector, int inside)
            throws RejectedException, IOException {
        List<Member> members = new ArrayList<>();
        for (int i = 0; i <= inside; i++) {
            TaskVector own = recipe.method().isWeighed() ? vector.weighedBy(statistics(i)) : vector;
            members.add(new Member(own.put(store), WEIGHT + i * 0.01));
        }
        Member next = members.remove(inside);
        RunningModel model = RunningModel.restore(base, recipe, store, work, pool, members);
        return new Subject(name, inside, model, next, new ArrayList<>());
    }

    private String statistics(int seed) throws RejectedException, IOException {
        Random random = new Random(seed);
        Statistics.About about = new Statistics.About(baseDigest, "xx", 24, 36_000);
        SafetensorsWriter writer = new SafetensorsWriter()
                .metadata(Map.of(
                        "koine.base",
                        about.base(),
                        "koine.language",
                        about.language(),
                        "koine.utterances",
                        "24",
                        "koine.positions",
                        "36000"))
                .metadata(Map.of("koine.format", "koine-statistics", "koine.version", "1"));
        for (LayerInput input : LayerInputs.of(base)) {
            int rank = Math.min(LowRankGram.RANK, input.size());
            float[] diagonal = new float[input.size()];
            float[] factors = new float[rank * input.size()];
            for (int i = 0; i < diagonal.length; i++) {
                diagonal[i] = 0.2f;
            }
            for (int i = 0; i < factors.length; i++) {
                factors[i] = (float) (Math.sqrt(0.8 / rank) * (random.nextBoolean() ? 1 : -1));
            }
            add(writer, input.key() + ".diagonal", ElementType.FLOAT, List.of((long) input.size()), diagonal);
            add(
                    writer,
                    input.key() + ".factors",
                    ElementType.FLOAT16,
                    List.of((long) rank, (long) input.size()),
                    factors);
        }
        return store.<RejectedException>putBundle(copy -> {
                    try (OutputStream out = Files.newOutputStream(copy.resolve(Statistics.FILE))) {
                        writer.writeTo(out);
                    }
                })
                .digest();
    }

    private static void add(SafetensorsWriter writer, String name, ElementType type, List<Long> shape, float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        FloatEncoding.encode(type, values, 0, values.length, bytes);
        writer.tensor(name, type, shape, out -> out.write(bytes.array()));
    }

    private Sample time(Subject subject) throws RejectedException, IOException {
        Sample sample = Sample.of(() -> subject.model().add(subject.next()), subject.model(), store);
        subject.model().subtract(subject.next());
        return sample;
    }

    private static void report(List<Subject> subjects) {
        System.out.println("| method | experts inside | event s | of the sum's | cpu s |");
        System.out.println("|---|---|---|---|---|");
        double sum = Sample.median(subjects.get(0).samples()).wall();
        for (Subject subject : subjects) {
            Sample median = Sample.median(subject.samples());
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %d | %.2f | %.2f | %.2f |%n",
                    subject.name(),
                    subject.inside() + 1,
                    median.wall(),
                    median.wall() / sum,
                    median.cpu());
        }
    }
}
