package dev.koine.subscriber;

import dev.koine.engine.Backoff;
import dev.koine.engine.RejectedException;
import dev.koine.events.EventPublisher;
import dev.koine.events.ServiceReports;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.ServiceFailure;
import dev.koine.schemas.ServiceReport;
import dev.koine.schemas.Topics;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports on {@link Topics#SERVICES} which version a service serves, and what it could not serve and why: a {@link SubscriberListener} that keeps
 * the last failures, and a thread that writes whenever something changed, each minute, and at the end. A broker that is away holds up no version; what was to be said is said when it is back.
 */
public final class ServiceReporter implements SubscriberListener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceReporter.class);
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");
    private static final Duration EVERY = Duration.ofMinutes(1);
    private static final Duration LAST_WORD_WITHIN = Duration.ofSeconds(5);
    private static final int MOST_FAILURES = 5;
    private static final int LONGEST_REASON = 1000;

    private final Properties kafka;
    private final String service;
    private final String modelId;
    private final InstantSource clock;
    private final Backoff backoff = new Backoff(Duration.ofMillis(500), Duration.ofSeconds(15));
    private final Thread thread;
    private final ClockWatch clockWatch;
    private volatile EventPublisher publisher;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<ServiceFailure> failures = new ArrayDeque<>();
    private @Nullable ServedVersion served;
    private boolean hasChanged = true;
    private boolean hasEnded;

    /**
     * Starts to report.
     *
     * @param kafka client properties
     * @param service its name, which no other service of the model has: letters, digits, {@code . _ -}, 100 at most
     * @throws IllegalArgumentException for another name
     */
    public ServiceReporter(Properties kafka, String modelId, String service, InstantSource clock) {
        if (!NAME.matcher(service).matches()) {
            throw new IllegalArgumentException("A service cannot be called '" + service
                    + "'. Give a name of letters, digits, dots, dashes and underscores, such as asr-1.");
        }
        this.kafka = kafka;
        this.publisher = new EventPublisher(kafka);
        this.service = service;
        this.modelId = modelId;
        this.clock = clock;
        this.thread = new Thread(this::report, "koine-service-" + service);
        this.clockWatch = new ClockWatch(InstantSource.system(), System::nanoTime, this::reopen);
        thread.setDaemon(true);
        thread.start();
        clockWatch.start();
    }

    @Override
    public void onServed(ServedVersion version) {
        change(() -> served = version);
    }

    @Override
    public void onRejected(ModelUpdate update, RejectedException reason) {
        change(() -> note("REFUSED", update.getVersion(), String.valueOf(reason.getMessage())));
    }

    @Override
    public void onTrouble(String what, Throwable cause) {
        change(() -> note("TROUBLE", null, what + ": " + cause.getMessage()));
    }

    private void change(Runnable change) {
        lock.lock();
        try {
            change.run();
            hasChanged = true;
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    /** What is being written is given up, and written anew. */
    void reopen() {
        EventPublisher before = publisher;
        publisher = new EventPublisher(kafka);
        before.abort();
        change(() -> {});
    }

    private void note(String kind, @Nullable Long version, String said) {
        String reason = said.length() <= LONGEST_REASON ? said : said.substring(0, LONGEST_REASON) + "...";
        @Nullable ServiceFailure last = failures.peekLast();
        boolean isSame = last != null
                && last.getKind().equals(kind)
                && Objects.equals(last.getVersion(), version)
                && last.getReason().equals(reason);
        long times = isSame ? failures.removeLast().getTimes() + 1 : 1;
        failures.add(new ServiceFailure(kind, version, reason, times, clock.instant()));
        if (failures.size() > MOST_FAILURES) {
            failures.removeFirst();
        }
    }

    private void report() {
        try {
            while (awaitChange()) {
                publish();
            }
        } catch (InterruptedException e) {
            LOG.debug("The last report of {} was not waited for any longer.", service);
        } finally {
            clockWatch.close();
            publisher.close();
        }
    }

    /** False once the last report is written. */
    private boolean awaitChange() throws InterruptedException {
        lock.lock();
        try {
            long left = EVERY.toNanos();
            while (!hasChanged && !hasEnded && left > 0) {
                left = changed.awaitNanos(left);
            }
            return hasChanged || !hasEnded;
        } finally {
            lock.unlock();
        }
    }

    private void publish() throws InterruptedException {
        ServiceReport report = next();
        try {
            publisher.publish(Topics.SERVICES, ServiceReports.key(modelId, service), report, ServiceReport.class);
            backoff.reset();
        } catch (IOException | RuntimeException e) {
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedException();
            }
            LOG.warn("What {} serves cannot be reported, and is tried again: {}", service, e.getMessage());
            change(() -> {});
            TimeUnit.NANOSECONDS.sleep(backoff.next().toNanos());
        }
    }

    private ServiceReport next() {
        lock.lock();
        try {
            hasChanged = false;
            @Nullable ServedVersion version = served;
            return ServiceReport.newBuilder()
                    .setService(service)
                    .setModelId(modelId)
                    .setVersion(version == null ? null : version.version())
                    .setDigest(version == null ? null : version.digest())
                    .setSince(version == null ? null : version.since())
                    .setEnded(hasEnded)
                    .setFailures(List.copyOf(failures))
                    .setTime(clock.instant())
                    .build();
        } finally {
            lock.unlock();
        }
    }

    /** Says that the service has ended; waits a few seconds for a broker that is away. */
    @Override
    public void close() {
        change(() -> hasEnded = true);
        try {
            thread.join(LAST_WORD_WITHIN.toMillis());
            thread.interrupt();
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
    }
}
