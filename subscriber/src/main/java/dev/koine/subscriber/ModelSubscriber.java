package dev.koine.subscriber;

import dev.koine.engine.Backoff;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.events.signature.TrustedKeys;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a service on the newest version of one model. A thread of its own follows the updates topic; a new version is fetched,
 * verified and loaded beside the one that serves, then swapped in, and the old one is closed when its last {@link Lease} has been
 * returned. A version that is refused changes nothing; one whose files the store did not give as announced is looked at again until it does. Trouble with
 * the broker or the disk is retried for as long as it lasts.
 *
 * <p>The topic is read from its beginning at every start. Of several versions that wait, the newest is tried first and an older one
 * only if that is refused or nothing serves yet; versions that are not newer than the serving one are ignored. Where the topic gives
 * no version at a start (the broker is away, or what it has is refused), the version that served last stands in from the cache until
 * the topic gives one.
 *
 * @param <M> the model
 */
public final class ModelSubscriber<M extends AutoCloseable> implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ModelSubscriber.class);
    private static final Duration IDLE = Duration.ofSeconds(1);

    private final String modelId;
    private final Supplier<UpdatesTopic> topics;
    private final VersionFetch versions;
    private final ModelInstaller<M> installer;
    private final ModelSlot<M> slot;
    private final List<SubscriberListener> listeners;
    private final Thread thread;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Object served = new Object();
    private final Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(5));
    private final TreeMap<Long, ModelUpdate> waiting = new TreeMap<>();
    private final Map<Long, RejectionCode> refused = new HashMap<>();
    private final LookedAtAgain lookedAtAgain = new LookedAtAgain();
    private final StatusKeeper status = new StatusKeeper();
    private final LastServed lastServed;
    private boolean standInTried;
    private boolean standIn;
    private volatile boolean installing;
    private volatile @Nullable UpdatesTopic topic;

    ModelSubscriber(
            String modelId,
            Supplier<UpdatesTopic> topics,
            VersionFetch versions,
            LastServed lastServed,
            VersionLoader<M> loader,
            @Nullable ModelTrial trial,
            List<SubscriberListener> listeners,
            @Nullable TrustedKeys trusted) {
        this.modelId = modelId;
        this.topics = topics;
        this.versions = versions;
        this.lastServed = lastServed;
        this.listeners = List.copyOf(listeners);
        slot = new ModelSlot<>();
        installer = new ModelInstaller<>(versions, this::fetched, lastServed, loader, slot, trial, trusted);
        thread = new Thread(this::run, "koine-subscriber-" + modelId);
        thread.setDaemon(true);
    }

    /** Says what is to be followed; {@link ModelSubscriberBuilder#start} begins. */
    public static <M extends AutoCloseable> ModelSubscriberBuilder<M> builder() {
        return new ModelSubscriberBuilder<>();
    }

    /**
     * A lease on the serving model, without waiting.
     *
     * @throws IllegalStateException if no version serves yet, or the subscriber is closed
     */
    public Lease<M> acquire() {
        Lease<M> lease = slot.acquire();
        if (lease == null) {
            throw new IllegalStateException(
                    isClosing()
                            ? "The subscriber of " + modelId + " is closed."
                            : "No version of " + modelId + " serves yet. Call awaitVersion before taking requests.");
        }
        return lease;
    }

    /** The serving version; empty before the first one. */
    public Optional<ServedVersion> current() {
        return Optional.ofNullable(slot.version());
    }

    /** How it stands, for metrics and health checks; without waiting. */
    public SubscriberStatus status() {
        return status.at(slot.version());
    }

    /**
     * Waits until this version or a newer one serves, and returns it.
     *
     * @param version 0 for any
     * @throws TimeoutException if it does not within the time
     * @throws IllegalStateException if the subscriber is closed
     */
    public ServedVersion awaitVersion(long version, Duration timeout) throws InterruptedException, TimeoutException {
        long deadline = System.nanoTime() + timeout.toNanos();
        synchronized (served) {
            while (true) {
                ServedVersion current = slot.version();
                if (current != null && current.version() >= version) {
                    return current;
                }
                if (isClosing()) {
                    throw new IllegalStateException("The subscriber of " + modelId + " is closed.");
                }
                long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (millis <= 0) {
                    throw new TimeoutException("Version " + version + " of " + modelId + " does not serve after "
                            + timeout.toMillis() + " ms; " + (current == null ? "none" : current.version()) + " does.");
                }
                served.wait(millis);
            }
        }
    }

    /** Stops following. Models close as their last leases are returned; a load in progress is interrupted and waited for. */
    @Override
    public void close() {
        closing.countDown();
        UpdatesTopic open = topic;
        if (open != null) {
            open.wakeup();
        }
        if (Thread.currentThread() != thread) {
            if (installing) {
                thread.interrupt();
            }
            join();
        }
    }

    private void fetched(ModelUpdate update, Fetched how) {
        status.fetched(how);
        tell(listener -> listener.onFetched(update, how));
    }

    void start() {
        thread.start();
    }

    private void run() {
        while (!isClosing()) {
            try (UpdatesTopic open = topics.get()) {
                topic = open;
                follow(open);
            } catch (WakeupException e) {
                LOG.debug("Woken up, to close or since the clock was set back.", e);
            } catch (Throwable e) {
                serveStandIn();
                pause("The updates of " + modelId + " cannot be followed", e);
            } finally {
                topic = null;
            }
        }
        slot.swap(null);
        wakeWaiting();
        try {
            versions.close();
        } catch (IOException e) {
            LOG.warn("The cache did not close.", e);
        }
    }

    /** Returns, without the interrupt that ended an install, when it is time to close. */
    private void follow(UpdatesTopic open) {
        while (!isClosing()) {
            for (ModelUpdate update : open.poll(waiting.isEmpty() ? IDLE : Duration.ZERO)) {
                if (!refused.containsKey(update.getVersion())) {
                    waiting.put(update.getVersion(), update);
                    status.announced(update, slot.version());
                }
            }
            for (ModelUpdate update : lookedAtAgain.due(System.nanoTime())) {
                waiting.put(update.getVersion(), update);
            }
            try {
                installNewest();
                status.upToDate();
                backoff.reset();
            } catch (IOException e) {
                serveStandIn();
                pause("Version " + waiting.lastKey() + " of " + modelId + " cannot be installed", e);
            }
        }
        if (Thread.interrupted()) {
            LOG.debug("A load was interrupted to close.");
        }
    }

    private void installNewest() throws IOException {
        IOException trouble = null;
        for (ModelUpdate update : List.copyOf(waiting.descendingMap().values())) {
            if (isClosing() || (trouble != null && slot.version() != null)) {
                break;
            }
            try {
                if (!isSuperseded(update)) {
                    serve(update);
                    standIn = false;
                }
                waiting.headMap(update.getVersion(), true).clear();
                lookedAtAgain.forgetUpTo(update.getVersion());
            } catch (RejectedException e) {
                refuse(update, e);
            } catch (IOException e) {
                trouble = trouble == null ? e : trouble;
            }
        }
        if (trouble != null) {
            throw trouble;
        }
        if (!refused.isEmpty()) {
            serveStandIn();
        }
    }

    private boolean isSuperseded(ModelUpdate update) {
        ServedVersion current = slot.version();
        if (current == null) {
            return false;
        }
        if (standIn && current.update().equals(update)) {
            standIn = false;
        }
        return !standIn && update.getVersion() <= current.version();
    }

    private void serve(ModelUpdate update) throws IOException, RejectedException {
        ServedVersion version;
        long begun = System.nanoTime();
        installing = true;
        try {
            if (isClosing()) {
                throw new InterruptedIOException("The subscriber closes.");
            }
            version = installer.install(update);
        } finally {
            installing = false;
        }
        status.served(version, System.nanoTime() - begun);
        wakeWaiting();
        LOG.info("Version {} of {} serves ({}).", version.version(), modelId, version.digest());
        tell(listener -> listener.onServed(version));
    }

    private void refuse(ModelUpdate update, RejectedException e) {
        if (isClosing()) {
            return;
        }
        waiting.remove(update.getVersion());
        if (e instanceof NotAsListedException) {
            lookedAtAgain.note(update, System.nanoTime());
        } else {
            lookedAtAgain.forget(update.getVersion());
        }
        RejectionCode before = refused.put(update.getVersion(), e.code());
        if (before == e.code()) {
            LOG.debug("Version {} of {} is still refused.", update.getVersion(), modelId, e);
            return;
        }
        if (before == null) {
            status.refused();
        }
        ServedVersion current = slot.version();
        LOG.warn(
                "Version {} of {} is refused ({}) and {}: {}",
                update.getVersion(),
                modelId,
                e.code(),
                current == null ? "none serves yet" : "version " + current.version() + " goes on",
                e.getMessage());
        tell(listener -> listener.onRejected(update, e));
    }

    private void serveStandIn() {
        if (standInTried || isClosing() || slot.version() != null) {
            return;
        }
        standInTried = true;
        lastServed.read(modelId).ifPresent(update -> {
            try {
                LOG.warn("Version {} of {}, which served last, stands in.", update.getVersion(), modelId);
                serve(update);
                standIn = true;
            } catch (IOException | RejectedException e) {
                LOG.warn("It cannot: {}", e.getMessage());
            }
        });
    }

    /** What one throws keeps nothing from the others. */
    private void tell(Consumer<SubscriberListener> call) {
        for (SubscriberListener listener : listeners) {
            try {
                call.accept(listener);
            } catch (Throwable e) {
                LOG.warn("The listener threw.", e);
            }
        }
    }

    private void wakeWaiting() {
        synchronized (served) {
            served.notifyAll();
        }
    }

    private void pause(String trouble, Throwable e) {
        if (isClosing()) {
            return;
        }
        Duration pause = backoff.next();
        status.trouble();
        LOG.warn("{}; another try in {} ms: {}", trouble, pause.toMillis(), e.toString());
        tell(listener -> listener.onTrouble(trouble, e));
        long deadline = System.nanoTime() + pause.toNanos();
        try {
            while (!isClosing() && System.nanoTime() < deadline) {
                closing.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException interrupted) {
            LOG.debug("Only close ends this thread; an interrupt shortens a pause.", interrupted);
        }
    }

    private boolean isClosing() {
        return closing.getCount() == 0;
    }

    private void join() {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
