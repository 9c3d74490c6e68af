package dev.koine.sim;

import dev.koine.engine.RejectedException;
import dev.koine.sim.job.Parts;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Runs the histories of many seeds, several worlds at a time. Worlds share nothing, so that how many run at a time changes none of them.
 *
 * @param threads how many worlds run at a time
 * @param parts what the jobs are built of
 * @param endsAtFirst whether no further history is begun once one is bad
 * @param progress is told what there is so far, after each history
 */
public record Simulations(int threads, Supplier<Parts> parts, boolean endsAtFirst, Consumer<Tally> progress) {

    /** Runs the seeds from one on. */
    public Tally run(long firstSeed, int count) throws IOException, RejectedException, InterruptedException {
        Tally tally = new Tally();
        AtomicLong next = new AtomicLong(firstSeed);
        AtomicBoolean isOver = new AtomicBoolean();
        ExecutorService workers = Executors.newFixedThreadPool(threads);
        try {
            List<Future<?>> working = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                working.add(workers.submit(() -> {
                    try (Lab lab = Lab.open()) {
                        for (long seed = next.getAndIncrement();
                                seed < firstSeed + count && !isOver.get();
                                seed = next.getAndIncrement()) {
                            note(World.run(seed, lab, parts.get(), line -> {}), tally, isOver);
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> worker : working) {
                await(worker);
            }
            return tally;
        } finally {
            workers.shutdownNow();
        }
    }

    private void note(History history, Tally tally, AtomicBoolean isOver) {
        synchronized (tally) {
            tally.add(history);
            progress.accept(tally);
            if (endsAtFirst && !history.isGood()) {
                isOver.set(true);
            }
        }
    }

    private static void await(Future<?> worker) throws IOException, RejectedException, InterruptedException {
        try {
            worker.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException trouble) {
                throw trouble;
            }
            if (e.getCause() instanceof RejectedException refusal) {
                throw refusal;
            }
            throw new IllegalStateException("A world came to no end.", e.getCause());
        }
    }
}
