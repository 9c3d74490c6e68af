package dev.koine.e2e.chaos;

import dev.koine.e2e.LocalCluster;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Lets faults happen, two at a time at most and never two to one target, and starts processes again that have ended by themselves, as
 * an orchestrator would.
 */
final class Storm implements AutoCloseable {
    /** Outcomes read so soon after a fault may have been done before it. */
    static final Duration COMMIT = Duration.ofMillis(1500);

    private static final int AT_A_TIME = 2;
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private final LocalCluster cluster;
    private final List<String> processes;
    private final Semaphore room = new Semaphore(AT_A_TIME);
    private final Set<String> hit = ConcurrentHashMap.newKeySet();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<Struck> struck = new ArrayList<>();
    private final List<Duration> recoveries = new ArrayList<>();
    private final Map<String, Integer> restarts = new TreeMap<>();
    private volatile @Nullable Throwable trouble;
    private volatile boolean over;

    /**
     * A fault that happened.
     *
     * @param alone whether no other fault was near
     * @param mended when its target was started or let go again
     */
    record Struck(Fault fault, boolean alone, Instant at, Instant mended) {}

    /** @param processes that have to run */
    Storm(LocalCluster cluster, List<String> processes) {
        this.cluster = cluster;
        this.processes = processes;
        threads.execute(this::supervise);
    }

    /** Lets so many faults happen in bursts. A new burst begins when something has become of an event after the last one. */
    void rage(Faults faults, int count, Ledger ledger) throws InterruptedException {
        int left = count;
        while (left > 0) {
            int burst = Math.min(left, faults.burst());
            for (int i = 0; i < burst; ) {
                Thread.sleep(faults.rest().toMillis());
                Fault fault = faults.next();
                room.acquire();
                if (hit.add(fault.target())) {
                    threads.execute(() -> strike(fault, burst == 1));
                    i++;
                } else {
                    room.release();
                }
            }
            room.acquire(AT_A_TIME);
            room.release(AT_A_TIME);
            requireFine();
            Instant mended = Instant.now();
            ledger.awaitOutcomeAfter(mended.plus(COMMIT), PATIENCE);
            recoveries.add(Duration.between(mended, Instant.now()));
            left -= burst;
        }
    }

    private void strike(Fault fault, boolean alone) {
        try {
            Instant at = Instant.now();
            fault.blow().strike();
            Thread.sleep(fault.duration().toMillis());
            fault.mend().strike();
            synchronized (struck) {
                struck.add(new Struck(fault, alone, at, Instant.now()));
            }
        } catch (Throwable e) {
            trouble = e;
        } finally {
            hit.remove(fault.target());
            room.release();
        }
    }

    private void supervise() {
        try {
            while (!over) {
                for (String process : processes) {
                    if (!cluster.isRunning(process) && hit.add(process)) {
                        try {
                            restart(process);
                        } finally {
                            hit.remove(process);
                        }
                    }
                }
                Thread.sleep(500);
            }
        } catch (Throwable e) {
            trouble = e;
        }
    }

    private void restart(String process) throws Exception {
        if (!cluster.isRunning(process)) {
            cluster.start(process);
            synchronized (struck) {
                restarts.merge(process, 1, Integer::sum);
            }
        }
    }

    void requireFine() {
        if (trouble != null) {
            throw new AssertionError("The storm itself failed.", trouble);
        }
    }

    /** For each burst, the time from when all was mended to the first outcome that was not done before; this much after a commit at least. */
    List<Duration> recoveries() {
        return List.copyOf(recoveries);
    }

    List<Struck> struck() {
        synchronized (struck) {
            return List.copyOf(struck);
        }
    }

    /** Processes that ended without having been killed, and how often they were started again. */
    Map<String, Integer> restarts() {
        synchronized (struck) {
            return new TreeMap<>(restarts);
        }
    }

    @Override
    public void close() throws InterruptedException {
        over = true;
        threads.shutdown();
        threads.awaitTermination(2, TimeUnit.MINUTES);
    }
}
