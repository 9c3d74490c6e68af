package dev.koine.e2e.services;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.schemas.ModelUpdate;
import dev.koine.subscriber.Lease;
import dev.koine.subscriber.ModelSubscriber;
import dev.koine.subscriber.ServedVersion;
import dev.koine.subscriber.ServiceReporter;
import dev.koine.subscriber.SubscriberListener;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A service that embeds the subscriber, in a process of its own, called all the time: arguments are the broker, the model and its cache. Prints what it
 * serves and how many calls it has answered, and each call that failed.
 */
final class JavaService {
    static final String NAME = "embedded";
    private static final Duration FIRST_WITHIN = Duration.ofMinutes(5);

    private final AtomicLong answered = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();

    /** A model, which must not be asked once it is closed. */
    private record Loaded(Content content, AtomicBoolean closed) implements AutoCloseable {
        static Loaded of(Path folder) throws Exception {
            Loaded loaded = new Loaded(Content.read(folder), new AtomicBoolean());
            Thread.sleep(50);
            return loaded;
        }

        @Override
        public void close() {
            closed.set(true);
        }
    }

    public static void main(String[] arguments) throws Exception {
        new JavaService().serve(arguments[0], arguments[1], Path.of(arguments[2]));
    }

    private void serve(String broker, String model, Path cache) throws Exception {
        Properties kafka = new Properties();
        kafka.setProperty("bootstrap.servers", broker);
        try (ServiceReporter reporter = new ServiceReporter(kafka, model, NAME, InstantSource.system());
                ModelSubscriber<Loaded> subscriber = ModelSubscriber.<Loaded>builder()
                        .bootstrapServers(broker)
                        .modelId(model)
                        .cacheDirectory(cache)
                        .trial(JavaService::requireSense)
                        .loader(Loaded::of)
                        .listener(reporter)
                        .listener(new Lines())
                        .start()) {
            subscriber.awaitVersion(0, FIRST_WITHIN);
            for (int i = 0; i < 2; i++) {
                new Thread(() -> call(subscriber), "caller").start();
            }
            while (true) {
                Thread.sleep(100);
                System.out.printf(
                        "version %d answered %d failed %d%n",
                        subscriber.current().orElseThrow().version(), answered.get(), failed.get());
            }
        }
    }

    private static void requireSense(Path folder) throws RejectedException {
        try {
            Content content = Content.read(folder);
            if (!content.isGood()) {
                throw new RejectedException(RejectionCode.NOT_LOADABLE, "It answers " + content.answer() + ".");
            }
        } catch (java.io.IOException | Content.HalfVersionException e) {
            throw new RejectedException(RejectionCode.NOT_LOADABLE, "A part of a version was to be tried: " + e);
        }
    }

    private void call(ModelSubscriber<Loaded> subscriber) {
        try {
            while (true) {
                try (Lease<Loaded> lease = subscriber.acquire()) {
                    Loaded loaded = lease.model();
                    Thread.sleep(1);
                    if (loaded.closed().get()
                            || !loaded.content().isGood()
                            || loaded.content().version() != lease.version().version()) {
                        throw new IllegalStateException(
                                "Asked of version " + lease.version().version() + ": " + loaded);
                    }
                    answered.incrementAndGet();
                } catch (RuntimeException e) {
                    failed.incrementAndGet();
                    System.out.println("FAILED " + e);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static final class Lines implements SubscriberListener {
        @Override
        public void onServed(ServedVersion version) {
            System.out.println("served " + version.version());
        }

        @Override
        public void onRejected(ModelUpdate update, RejectedException reason) {
            System.out.println("refused " + update.getVersion() + " " + reason.code() + ": " + reason.getMessage());
        }

        @Override
        public void onTrouble(String what, Throwable cause) {
            System.out.println("trouble " + what + ": " + cause);
        }
    }
}
