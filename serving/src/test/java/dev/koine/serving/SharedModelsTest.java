package dev.koine.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import dev.koine.engine.store.BundleSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SharedModelsTest {
    private static final ServingSettings DEMO = ServingSettings.of("localhost:9092", "demo");

    private final List<FakeServer> started = new CopyOnWriteArrayList<>();
    private final SharedModels models = new SharedModels((settings, bundles) -> start(new FakeServer()));

    @Test
    void equalSettingsMeanOneModelUntilTheLastShareIsClosed() throws Exception {
        Transcriber first = share(DEMO);
        Transcriber second = share(ServingSettings.of("localhost:9092", "demo"));
        assertThat(started).hasSize(1);

        first.close();
        first.close();
        assertThat(started.get(0).closed).hasValue(0);
        assertThat(second.transcribe(Speech.of(new float[] {1}, 1, "de")).text())
                .isEqualTo("de");
        second.close();
        assertThat(started.get(0).closed).hasValue(1);
        assertThat(models.size()).isZero();

        share(DEMO).close();
        assertThat(started).hasSize(2).allSatisfy(server -> assertThat(server.closed)
                .hasValue(1));
    }

    @Test
    void otherSettingsOrPlacesMeanAnotherModel() throws Exception {
        BundleSource elsewhere = BundleSource.LOCAL::open;
        try (Transcriber one = share(DEMO);
                Transcriber two = share(DEMO.withUpdatesTopic("other.updates"));
                Transcriber three = models.share(DEMO, elsewhere)) {
            assertThat(List.of(one, two, three)).doesNotHaveDuplicates();
            assertThat(started).hasSize(3);
        }
        assertThat(models.size()).isZero();
    }

    @Test
    void whatDoesNotStartLeavesNothing() {
        SharedModels none = new SharedModels((settings, bundles) -> {
            throw new IOException("no room");
        });
        assertThatIOException()
                .isThrownBy(() -> none.share(DEMO, BundleSource.LOCAL))
                .withMessage("no room");
        assertThat(none.size()).isZero();
    }

    @Test
    void whatHasNoVersionLeavesNothing() {
        SharedModels none =
                new SharedModels((settings, bundles) -> start(new FakeServer(new IOException("no version"))));
        assertThatIOException()
                .isThrownBy(() -> none.share(DEMO, BundleSource.LOCAL))
                .withMessage("no version");
        assertThat(none.size()).isZero();
        assertThat(started.get(0).closed).hasValue(1);
    }

    @Test
    void whoComesWhileTheLastOneLeavesGetsAModelThatRuns() throws Exception {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        SharedModels counted = new SharedModels((settings, bundles) -> {
            most.accumulateAndGet(running.incrementAndGet(), Math::max);
            return new SpeechServer() {
                private volatile boolean closed;

                @Override
                public void awaitFirst() {}

                @Override
                public Transcript transcribe(Question question) throws IOException {
                    if (closed) {
                        throw new IOException("used after it was closed");
                    }
                    return new Transcript("", 0, "");
                }

                @Override
                public SpeechServer held() throws IOException {
                    throw new IOException("nothing is held");
                }

                @Override
                public void close() {
                    closed = true;
                    running.decrementAndGet();
                }
            };
        });
        ExecutorService workers = Executors.newFixedThreadPool(4);
        CountDownLatch begin = new CountDownLatch(1);
        List<Future<?>> done = new ArrayList<>();
        for (int worker = 0; worker < 4; worker++) {
            done.add(workers.submit(() -> {
                begin.await();
                for (int i = 0; i < 2_000; i++) {
                    try (Transcriber transcriber = counted.share(DEMO, BundleSource.LOCAL)) {
                        transcriber.transcribe(Speech.of(new float[] {1}, 1, "de"));
                    }
                }
                return null;
            }));
        }
        begin.countDown();
        for (Future<?> each : done) {
            each.get();
        }
        workers.shutdown();
        assertThat(most).hasValue(1);
        assertThat(running).hasValue(0);
        assertThat(counted.size()).isZero();
    }

    private Transcriber share(ServingSettings settings) throws Exception {
        return models.share(settings, BundleSource.LOCAL);
    }

    private SpeechServer start(FakeServer server) {
        started.add(server);
        return server;
    }
}
