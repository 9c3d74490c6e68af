package dev.koine.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WorkPoolTest {
    private final WorkPool pool = new WorkPool(3);

    @AfterEach
    void close() {
        pool.close();
    }

    @Test
    void givesResultsInTheOrderOfTheParts() throws Exception {
        List<WorkPool.Part<Integer>> parts = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            int number = i;
            parts.add(() -> number);
        }
        assertThat(pool.runAll(parts)).isSorted().hasSize(50);
        assertThat(pool.runAll(List.<WorkPool.Part<Integer>>of())).isEmpty();
    }

    @Test
    void runsEveryPartAndThrowsTheFirstRefusal() {
        AtomicInteger ran = new AtomicInteger();
        List<WorkPool.Part<Integer>> parts = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            int number = i;
            parts.add(() -> {
                ran.incrementAndGet();
                if (number % 5 == 2) {
                    throw new RejectedException(RejectionCode.NON_FINITE, "part " + number);
                }
                return number;
            });
        }
        assertThatThrownBy(() -> pool.runAll(parts))
                .isInstanceOf(RejectedException.class)
                .hasMessage("part 2");
        assertThat(ran).hasValue(20);
    }

    @Test
    void troubleAndDefectsTakePrecedenceOverARefusal() {
        WorkPool.Part<Integer> refused = () -> {
            throw new RejectedException(RejectionCode.NON_FINITE, "refused");
        };
        WorkPool.Part<Integer> trouble = () -> {
            throw new IOException("disk full");
        };
        WorkPool.Part<Integer> defect = () -> {
            throw new IllegalStateException("defect");
        };
        assertThatThrownBy(() -> pool.runAll(List.of(refused, trouble)))
                .isInstanceOf(IOException.class)
                .hasMessage("disk full");
        assertThatThrownBy(() -> pool.runAll(List.of(refused, defect)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("defect");
    }

    @Test
    void withoutThreadsPartsRunInTheCallerAndErrorsComeAsTheyAre() throws Exception {
        try (WorkPool inCaller = WorkPool.inCaller()) {
            WorkPool.Part<Thread> where = Thread::currentThread;
            assertThat(inCaller.runAll(List.of(where, where))).containsOnly(Thread.currentThread());
            WorkPool.Part<Thread> dies = () -> {
                throw new OutOfMemoryError("no more");
            };
            assertThatThrownBy(() -> inCaller.runAll(List.of(where, dies))).isInstanceOf(OutOfMemoryError.class);
        }
    }

    @Test
    void anInterruptIsTroubleAndIsKept() {
        WorkPool.Part<Integer> endless = () -> {
            LockSupport.parkNanos(TimeUnit.MINUTES.toNanos(1));
            return 1;
        };
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> pool.runAll(List.of(endless)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("interrupted");
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void afterAnInterruptNoPartIsRunning() throws Exception {
        CountDownLatch began = new CountDownLatch(1);
        AtomicInteger running = new AtomicInteger();
        List<WorkPool.Part<Integer>> parts = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            parts.add(() -> {
                running.incrementAndGet();
                began.countDown();
                for (long until = System.nanoTime() + 200_000_000L; System.nanoTime() < until; ) {
                    Thread.onSpinWait();
                }
                return running.decrementAndGet();
            });
        }
        Thread caller = Thread.currentThread();
        Thread interrupter = new Thread(() -> {
            try {
                began.await();
                caller.interrupt();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        interrupter.start();
        assertThatThrownBy(() -> pool.runAll(parts)).isInstanceOf(IOException.class);
        assertThat(running).hasValue(0);
        assertThat(Thread.interrupted()).isTrue();
        interrupter.join();
    }
}
