package dev.koine.e2e.services;

import dev.koine.e2e.chaos.Fault;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Lets faults happen in bursts while versions are announced, good ones and others, and starts services again that have ended by themselves. After each burst
 * every service has to come to the newest good version.
 */
final class Barrage implements AutoCloseable {
    private static final int AT_A_TIME = 3;
    private static final int LONGEST_REST_MILLIS = 900;
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private final Rig rig;
    private final SplittableRandom random;
    private final Semaphore room = new Semaphore(AT_A_TIME);
    private final Semaphore hurried = new Semaphore(0);
    private final Set<String> hit = ConcurrentHashMap.newKeySet();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final AtomicBoolean announces = new AtomicBoolean();
    private final Map<String, Integer> struck = new TreeMap<>();
    private final Map<String, Integer> restarts = new TreeMap<>();
    private final List<Duration> recoveries = new ArrayList<>();
    private volatile @Nullable Throwable trouble;
    private volatile boolean over;

    /** Has the next version announced now. */
    @FunctionalInterface
    interface Hurry {
        void now();
    }

    Barrage(Rig rig, long seed) {
        this.rig = rig;
        this.random = new SplittableRandom(seed + 1);
        threads.execute(() -> guarded(this::supervise));
        threads.execute(() -> guarded(this::announce));
    }

    void hurry() {
        hurried.release();
    }

    /** Lets so many faults happen. */
    void rage(ServiceFaults faults, int count) throws Exception {
        settle();
        int left = count;
        while (left > 0) {
            announces.set(true);
            int burst = Math.min(left, faults.burst());
            for (int i = 0; i < burst; ) {
                Thread.sleep(faults.rest().toMillis());
                Fault fault = faults.next();
                room.acquire();
                if (hit.add(fault.target())) {
                    threads.execute(() -> strike(fault));
                    i++;
                } else {
                    room.release();
                }
            }
            room.acquire(AT_A_TIME);
            room.release(AT_A_TIME);
            announces.set(false);
            Instant mended = Instant.now();
            settle();
            recoveries.add(Duration.between(mended, Instant.now()));
            left -= burst;
        }
    }

    /** Waits until every service has the newest good version, whatever became of it while it was announced. */
    private void settle() throws Exception {
        Instant deadline = Instant.now().plus(PATIENCE);
        while (true) {
            long version = rig.publisher.newestGood();
            if (rig.serving().values().stream().allMatch(serves -> serves == version)) {
                return;
            }
            requireFine();
            if (Instant.now().isAfter(deadline)) {
                throw new AssertionError(
                        "Version " + version + " is the newest good one, and all is well again, but after "
                                + PATIENCE.toSeconds() + " s these serve: " + rig.serving() + "\n" + rig.tails());
            }
            Thread.sleep(50);
        }
    }

    private void strike(Fault fault) {
        guarded(() -> {
            try {
                fault.blow().strike();
                Thread.sleep(fault.duration().toMillis());
                fault.mend().strike();
                synchronized (struck) {
                    struck.merge(fault.what(), 1, Integer::sum);
                }
            } finally {
                hit.remove(fault.target());
                room.release();
            }
        });
    }

    private void announce() throws Exception {
        while (!over) {
            boolean isHurried = hurried.tryAcquire(random.nextInt(LONGEST_REST_MILLIS), TimeUnit.MILLISECONDS);
            hurried.drainPermits();
            if (announces.get() || isHurried) {
                int drawn = random.nextInt(10);
                rig.publisher.publish(drawn < 2 ? Content.NONSENSE : drawn < 4 ? Content.ABORTED : Content.GOOD);
            }
        }
    }

    private void supervise() throws Exception {
        while (!over) {
            for (String service : rig.services()) {
                restart(service);
            }
            Thread.sleep(200);
        }
    }

    private void restart(String service) throws Exception {
        if (!rig.process(service).isRunning() && hit.add(service)) {
            try {
                if (!rig.process(service).isRunning()) {
                    synchronized (struck) {
                        restarts.merge(service, 1, Integer::sum);
                    }
                    rig.process(service).start();
                }
            } finally {
                hit.remove(service);
            }
        }
    }

    private void guarded(Fault.Blow work) {
        try {
            work.strike();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Throwable e) {
            trouble = e;
        }
    }

    void requireFine() {
        if (trouble != null) {
            throw new AssertionError("The barrage itself failed.", trouble);
        }
    }

    /** Faults that happened, by kind. */
    Map<String, Integer> struck() {
        synchronized (struck) {
            return new TreeMap<>(struck);
        }
    }

    /** Services that ended without having been killed, and how often they were started again. */
    Map<String, Integer> restarts() {
        synchronized (struck) {
            return new TreeMap<>(restarts);
        }
    }

    /** For each burst, from when all was mended until all services had the newest good version. */
    List<Duration> recoveries() {
        return List.copyOf(recoveries);
    }

    @Override
    public void close() throws InterruptedException {
        over = true;
        threads.shutdown();
        if (!threads.awaitTermination(30, TimeUnit.SECONDS)) {
            threads.shutdownNow();
        }
    }
}
