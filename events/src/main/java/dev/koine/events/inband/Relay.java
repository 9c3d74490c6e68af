package dev.koine.events.inband;

import dev.koine.engine.Backoff;
import dev.koine.engine.RejectedException;
import dev.koine.engine.store.BundleSource;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.events.UpdateReader;
import dev.koine.events.signature.Role;
import dev.koine.events.signature.Statement;
import dev.koine.events.signature.TrustedKeys;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the files of the newest versions of all models to the topic of chunks, and takes away from there what none of these has. A thread of its own
 * follows the updates; newest versions go first. What is on the topic is not sent again, also after a start: chunks that are there are known by their keys.
 *
 * <p>A file is held against its digest before a chunk of it is sent: what an update lists leads nobody to bytes that its writer does not know.
 */
public final class Relay implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Relay.class);

    private final RelaySettings settings;
    private final BundleSource source;
    private final RelayListener listener;
    private final RelayedVersions versions;
    private final Set<String> sentAgain = new HashSet<>();
    private final Backoff backoff = new Backoff(Duration.ofMillis(500), Duration.ofSeconds(15));
    private final Thread thread;
    private @Nullable SentChunks sent;
    private final Object interrupting = new Object();
    private boolean mayBeInterrupted;
    private volatile boolean isClosing;

    private Relay(RelaySettings settings, BundleSource source, RelayListener listener) {
        this.settings = settings;
        this.source = source;
        this.listener = listener;
        this.versions = new RelayedVersions(settings.keep());
        this.thread = new Thread(this::run, "koine-relay");
        thread.setDaemon(true);
    }

    /**
     * Begins to follow; whether a broker answers shows later.
     *
     * @param source where the files of versions are
     */
    public static Relay start(RelaySettings settings, BundleSource source, RelayListener listener) {
        Relay relay = new Relay(settings, source, listener);
        relay.thread.start();
        return relay;
    }

    /** Stops, also in the middle of a file; the next start sends the rest. */
    @Override
    public void close() {
        isClosing = true;
        synchronized (interrupting) {
            if (mayBeInterrupted) {
                thread.interrupt();
            }
        }
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        while (!isClosing) {
            try {
                follow();
            } catch (IOException | RuntimeException e) {
                pause(e);
            }
        }
    }

    private void follow() throws IOException {
        SentChunks there = sent;
        if (there == null) {
            there = look();
            sent = there;
        }
        try (UpdateReader updates = new UpdateReader(settings.kafka(), settings.updates());
                ChunkSender sender =
                        new ChunkSender(settings.kafka(), settings.artifacts(), settings.compression(), there)) {
            versions.add(updates.readAll());
            while (!isClosing) {
                Optional<ModelUpdate> next = versions.next();
                if (next.isPresent()) {
                    send(next.get(), sender, there);
                }
                versions.add(updates.poll());
            }
        }
    }

    private SentChunks look() throws IOException {
        mayBeInterrupted(true);
        try (ArtifactsTopic topic =
                ArtifactsTopic.open(settings.kafka(), settings.artifacts(), ChunkSender.CLIENT_ID)) {
            return SentChunks.read(topic);
        } finally {
            mayBeInterrupted(false);
        }
    }

    private void send(ModelUpdate update, ChunkSender sender, SentChunks there) throws IOException {
        mayBeInterrupted(true);
        try {
            sendFiles(update, sender, there);
            backoff.reset();
            if (versions.next().isEmpty()) {
                takeAway(sender, there);
            }
        } finally {
            mayBeInterrupted(false);
        }
    }

    /** What opens and closes Kafka's clients is not interrupted: they complain. */
    private void mayBeInterrupted(boolean may) {
        synchronized (interrupting) {
            mayBeInterrupted = may;
            if (may && isClosing) {
                Thread.currentThread().interrupt();
            } else if (!may && Thread.interrupted()) {
                LOG.debug("Interrupted to close.");
            }
        }
    }

    private void sendFiles(ModelUpdate update, ChunkSender sender, SentChunks there) throws IOException {
        Set<String> needed = new HashSet<>();
        int chunks = 0;
        boolean isWhole = true;
        try {
            require(update);
            for (Map.Entry<ChunkedFile, RelayedFiles.Place> file :
                    RelayedFiles.of(update, settings.content(), source).entrySet()) {
                if (file.getKey().size() > settings.limit()) {
                    listener.onLeftOut(update, file.getValue().file());
                    isWhole = false;
                } else {
                    needed.add(file.getKey().sha256());
                    chunks += send(file.getKey(), file.getValue(), sender, there);
                }
            }
        } catch (RejectedException e) {
            listener.onRefused(update, e);
            isWhole = false;
        }
        versions.done(update, needed);
        if (isWhole) {
            listener.onSent(update, chunks);
        }
    }

    private void require(ModelUpdate update) throws RejectedException {
        @Nullable TrustedKeys trusted = settings.trusted();
        if (trusted != null) {
            trusted.require(update.getSignature(), Statement.of(update), Role.UPDATES);
        }
    }

    private int send(ChunkedFile file, RelayedFiles.Place place, ChunkSender sender, SentChunks there)
            throws IOException, RejectedException {
        boolean again = settings.again() && !sentAgain.contains(file.sha256());
        if (!again && there.hasAll(file)) {
            return 0;
        }
        BundleVerifier.read(place.bundle(), place.file(), source, OutputStream.nullOutputStream());
        try (InputStream in = source.open(place.bundle(), place.file())) {
            int chunks = sender.send(file, in, again);
            sentAgain.add(file.sha256());
            return chunks;
        }
    }

    private void takeAway(ChunkSender sender, SentChunks there) throws IOException {
        Set<String> unused = there.files();
        unused.removeAll(versions.needed());
        for (String sha256 : unused) {
            sender.remove(sha256);
        }
        if (!unused.isEmpty()) {
            listener.onTakenAway(unused.size());
        }
    }

    private void pause(Exception e) {
        if (isClosing) {
            return;
        }
        Duration pause = backoff.next();
        LOG.warn("Chunks cannot be sent; another try in {} ms: {}", pause.toMillis(), e.toString());
        listener.onTrouble(e instanceof KafkaException && e.getCause() instanceof Exception cause ? cause : e);
        mayBeInterrupted(true);
        try {
            TimeUnit.NANOSECONDS.sleep(pause.toNanos());
        } catch (InterruptedException interrupted) {
            LOG.debug("Only close interrupts this thread.", interrupted);
        } finally {
            mayBeInterrupted(false);
        }
    }
}
