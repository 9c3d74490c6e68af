package dev.koine.bench.job;

import dev.koine.bench.machine.Cpu;
import dev.koine.engine.store.Bundle;
import dev.koine.flink.embedded.Checkpoint;
import dev.koine.schemas.Position;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How the merge job works off a backlog of experts: what {@code bench/job} measures. Everything runs in this JVM; events are sent
 * at once and updates are read from Kafka as they are committed.
 *
 * <p>Prints lines of {@code name value}, times in seconds:
 *
 * <pre>
 * prune      from the first event until the last expert was pruned, in a backlog of experts that are inside already: Head refuses
 *            each when its pieces are complete and does nothing else
 * prune-busiest  processor time of that Prune task, of all, which had the most to do; what bounds the time where each has a processor
 * wall       from the first event until the last update was committed, in a backlog of new experts
 * ...-cpu    of the whole process, over the same time
 * made n     until version n was made; seen n, until it could be read from Kafka
 * </pre>
 */
public final class Backlog {
    private static final Duration CHECKPOINT_INTERVAL = Duration.ofSeconds(1);
    private static final int WARM_UP = 5;
    private static final double WEIGHT = 0.01;
    private static final String PRUNE_THREADS = "prune";

    private final MergeLab lab;
    private final Bundle expert;
    private final int experts;

    private Backlog(MergeLab lab, Bundle expert, int experts) {
        this.lab = lab;
        this.expert = expert;
        this.experts = experts;
    }

    /** Arguments: folder with {@code base} and {@code expert}, empty folder to work in, slots, threads of Head, experts. */
    public static void main(String[] arguments) throws Exception {
        Path models = Path.of(arguments[0]).toRealPath();
        Path work = Path.of(arguments[1]).toRealPath();
        int slots = Integer.parseInt(arguments[2]);
        int threads = Integer.parseInt(arguments[3]);
        try (MergeLab lab = MergeLab.start(work, models, slots, threads, CHECKPOINT_INTERVAL)) {
            lab.await(lab.register(Bundle.describe(models.resolve("base")))).update();
            Bundle expert = Bundle.describe(models.resolve("expert"));
            Backlog backlog = new Backlog(lab, expert, Integer.parseInt(arguments[4]));
            lab.await(lab.merge("warm", expert, WEIGHT)).update();
            backlog.sendAgain(WARM_UP);
            backlog.prune();
            backlog.merge();
        }
    }

    /** Sends an expert that is inside so many times again, and returns when the last was refused. */
    private Instant sendAgain(int times) throws IOException {
        List<Position> events = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            events.add(lab.merge("warm", expert, WEIGHT));
        }
        return lab.await(events.get(times - 1)).rejection().getTime();
    }

    private void prune() throws IOException {
        Map<Long, Double> idle = Cpu.secondsOfThreads(PRUNE_THREADS);
        Instant start = Instant.now();
        double before = Cpu.seconds();
        print("prune", Duration.between(start, sendAgain(experts)));
        print("prune-cpu", Cpu.seconds() - before);
        Map<Long, Double> busy = Cpu.secondsOfThreads(PRUNE_THREADS);
        print(
                "prune-busiest",
                busy.entrySet().stream()
                        .mapToDouble(thread -> thread.getValue() - idle.getOrDefault(thread.getKey(), 0.0))
                        .max()
                        .orElse(0));
    }

    private void merge() throws IOException, InterruptedException {
        try (CheckpointLog log = new CheckpointLog(lab.job())) {
            Instant start = Instant.now();
            double before = Cpu.seconds();
            List<Position> events = new ArrayList<>();
            for (int i = 1; i <= experts; i++) {
                events.add(lab.merge("expert-" + i, expert, WEIGHT * i / experts));
            }
            Instant now = start;
            for (int i = 1; i <= experts; i++) {
                MergeLab.Committed made = lab.await(events.get(i - 1));
                now = made.seen();
                print("made " + i, Duration.between(start, made.update().getTime()));
                print("seen " + i, Duration.between(start, now));
            }
            print("wall", Duration.between(start, now));
            print("wall-cpu", Cpu.seconds() - before);
            report(log.between(start, now), start, now);
        }
    }

    private static void report(List<Checkpoint> checkpoints, Instant start, Instant end) {
        Instant before = start;
        Duration gap = Duration.ZERO;
        Duration longest = Duration.ZERO;
        long largest = 0;
        for (Checkpoint checkpoint : checkpoints) {
            gap = longer(gap, Duration.between(before, checkpoint.completed()));
            before = checkpoint.completed();
            longest = longer(longest, checkpoint.took());
            largest = Math.max(largest, Math.max(checkpoint.bytes(), checkpoint.metadataBytes()));
        }
        print("checkpoints", String.valueOf(checkpoints.size()));
        print("longest-gap", longer(gap, Duration.between(before, end)));
        print("longest-checkpoint", longest);
        print("largest-checkpoint", String.valueOf(largest));
    }

    private static Duration longer(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? b : a;
    }

    private static void print(String name, Duration duration) {
        print(name, seconds(duration));
    }

    private static void print(String name, double seconds) {
        print(name, String.format(Locale.ROOT, "%.2f", seconds));
    }

    private static void print(String name, String value) {
        System.out.println(name + " " + value);
    }

    private static double seconds(Duration duration) {
        return duration.toMillis() / 1e3;
    }
}
