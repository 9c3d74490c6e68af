package dev.koine.objectstore;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/** Runs threads one request at a time, in an order that a seed decides. */
final class Schedule {
    private final SplittableRandom random;
    private final List<Thread> threads = new ArrayList<>();
    private final List<Thread> waiting = new ArrayList<>();
    private @Nullable Thread turn;

    Schedule(long seed) {
        random = new SplittableRandom(seed);
    }

    /** Lets the calling thread go on when it is its turn; threads that were not started here go on at once. */
    synchronized void await() {
        Thread me = Thread.currentThread();
        if (!threads.contains(me)) {
            return;
        }
        waiting.add(me);
        if (turn == me) {
            turn = null;
        }
        choose();
        while (turn != me) {
            try {
                wait();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
        waiting.remove(me);
    }

    private synchronized void end() {
        threads.remove(Thread.currentThread());
        turn = null;
        choose();
    }

    private void choose() {
        if (turn == null && !threads.isEmpty() && waiting.size() == threads.size()) {
            turn = waiting.get(random.nextInt(waiting.size()));
            notifyAll();
        }
    }

    /** Runs all of it to the end. */
    void run(List<Callable<?>> works) throws Exception {
        List<FutureTask<?>> tasks = new ArrayList<>();
        synchronized (this) {
            for (Callable<?> work : works) {
                FutureTask<?> task = new FutureTask<>(() -> {
                    try {
                        await();
                        return work.call();
                    } finally {
                        end();
                    }
                });
                tasks.add(task);
                threads.add(new Thread(task));
            }
            threads.forEach(Thread::start);
        }
        for (FutureTask<?> task : tasks) {
            try {
                task.get();
            } catch (ExecutionException e) {
                throw new AssertionError(e.getCause());
            }
        }
    }
}
