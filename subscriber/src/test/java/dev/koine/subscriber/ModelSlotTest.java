package dev.koine.subscriber;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.schemas.ModelUpdate;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ModelSlotTest {
    private static final ServedVersion VERSION = new ServedVersion(new ModelUpdate(), Path.of("."), Instant.EPOCH);

    private final ModelSlot<Probe> slot = new ModelSlot<>();

    @Test
    void isEmptyAtFirstAndAfterwards() {
        assertThat(slot.acquire()).isNull();
        slot.swap(new SharedModel<>(new Probe(), VERSION));
        assertThat(slot.version()).isSameAs(VERSION);
        slot.swap(null);
        assertThat(slot.acquire()).isNull();
    }

    @Test
    void closesTheOldModelWithItsLastLease() {
        Probe old = new Probe();
        slot.swap(new SharedModel<>(old, VERSION));
        Lease<Probe> first = acquire();
        Lease<Probe> second = acquire();

        slot.swap(new SharedModel<>(new Probe(), VERSION));
        first.close();
        first.close();
        assertThat(old.closed).hasValue(0);
        second.close();
        assertThat(old.closed).hasValue(1);
    }

    @Test
    void goesOnIfAModelDoesNotClose() {
        slot.swap(new SharedModel<>(
                new Probe() {
                    @Override
                    public void close() {
                        throw new IllegalStateException("does not close");
                    }
                },
                VERSION));
        slot.swap(new SharedModel<>(new Probe(), VERSION));
        assertThat(slot.acquire()).isNotNull();
    }

    @Test
    void neverClosesAModelInUse() throws Exception {
        List<Probe> probes = new ArrayList<>();
        probes.add(new Probe());
        slot.swap(new SharedModel<>(probes.get(0), VERSION));
        AtomicBoolean stop = new AtomicBoolean();
        ExecutorService callers = Executors.newFixedThreadPool(4);
        List<Future<Long>> calls = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            calls.add(callers.submit(() -> {
                long count = 0;
                while (!stop.get()) {
                    try (Lease<Probe> lease = acquire()) {
                        lease.model().use();
                        count++;
                    }
                }
                return count;
            }));
        }
        for (int i = 0; i < 100_000; i++) {
            Probe probe = new Probe();
            probes.add(probe);
            slot.swap(new SharedModel<>(probe, VERSION));
        }
        stop.set(true);
        for (Future<Long> call : calls) {
            assertThat(call.get()).isPositive();
        }
        callers.shutdown();
        slot.swap(null);
        assertThat(probes).allSatisfy(probe -> assertThat(probe.closed).hasValue(1));
    }

    private Lease<Probe> acquire() {
        return Objects.requireNonNull(slot.acquire());
    }

    private static class Probe implements AutoCloseable {
        final AtomicInteger closed = new AtomicInteger();

        void use() {
            for (int i = 0; i < 3; i++) {
                assertThat(closed.get()).isZero();
                Thread.onSpinWait();
            }
        }

        @Override
        public void close() {
            closed.incrementAndGet();
        }
    }
}
