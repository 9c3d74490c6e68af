package dev.koine.events.inband;

import dev.koine.engine.RejectedException;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.engine.store.BundleSource;
import dev.koine.schemas.Topics;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.TopicPartition;
import org.apiguardian.api.API;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads bundles from the topic of chunks, which {@code koine relay} fills, wherever their URI leads: a service needs the broker and nothing else.
 *
 * <p>All files of a bundle are received when the first is asked for, into a folder of their own, and taken away when the last was read. The folder never
 * has more than one bundle lists; what a process that was killed has received is gone on with. Whatever is no chunk of a file that is
 * waited for is passed over. A file is handed out once its bytes have its SHA-256; one that has others is received again.
 *
 * <p>What is not there yet is an {@link IOException} after a while without anything to read: whoever follows a model tries again.
 */
@API(status = API.Status.MAINTAINED)
public final class InBandBundles implements BundleSource {
    private static final Logger LOG = LoggerFactory.getLogger(InBandBundles.class);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(200);
    private static final int FIRST_STEP = 16;

    /** By which quotas of a broker know who receives. */
    public static final String CLIENT_ID = "koine-in-band";

    private final Map<String, Object> kafka;
    private final String topic;
    private final Duration patience;
    private final Spool spool;
    private final Coverage coverage = new Coverage();
    private final Set<String> readAgain = new HashSet<>();
    private @Nullable Bundle bundle;
    private boolean isHere;
    private boolean newestWins;
    private final Set<String> unread = new TreeSet<>();

    /**
     * @param kafka properties of a consumer
     * @param folder for what is received, of this one alone; needs room for a bundle
     */
    public InBandBundles(Map<String, ?> kafka, Path folder) {
        this(kafka, Topics.ARTIFACTS, folder, PATIENCE);
    }

    /**
     * As above, of another topic.
     *
     * @param patience how long nothing may come until a file counts as not there yet
     */
    public InBandBundles(Map<String, ?> kafka, String topic, Path folder, Duration patience) {
        this.kafka = Map.copyOf(kafka);
        this.topic = topic;
        this.patience = patience;
        this.spool = new Spool(folder);
    }

    @Override
    public synchronized InputStream open(Bundle from, BundleFile file) throws IOException, RejectedException {
        file.check();
        if (!isHere || !from.equals(bundle)) {
            receive(from);
        }
        return new ReadToEnd(spool.read(file.sha256()), () -> hasRead(file.path()));
    }

    /** False: a bundle's URI is not looked at. */
    @Override
    public boolean readsPlaces() {
        return false;
    }

    private void receive(Bundle wanted) throws IOException {
        isHere = false;
        if (!wanted.equals(bundle)) {
            readAgain.clear();
            newestWins = false;
            bundle = wanted;
        }
        spool.begin(wanted);
        if (!spool.isComplete()) {
            try (ArtifactsTopic chunks = ArtifactsTopic.open(kafka, topic, CLIENT_ID)) {
                receive(chunks);
            }
        }
        List<String> damaged = spool.damaged();
        if (!damaged.isEmpty()) {
            damaged.forEach(readAgain::remove);
            newestWins = !newestWins;
            throw new IOException(
                    "The chunks of " + damaged + " on " + topic
                            + " are not those of a file of that SHA-256. Somebody else has written there, or a chunk was damaged: koine relay --again sends all once more.");
        }
        unread.clear();
        wanted.files().forEach(file -> unread.add(file.path()));
        isHere = true;
    }

    private void receive(ArtifactsTopic chunks) throws IOException {
        Map<TopicPartition, Long> beginnings = chunks.beginnings();
        Map<TopicPartition, Long> ends = chunks.ends();
        coverage.begin(beginnings, ends);
        for (Map<TopicPartition, Span> spans = coverage.forward(ends);
                !spans.isEmpty() && (newestWins || !spool.isComplete());
                spans = coverage.forward(ends)) {
            read(chunks, spans);
        }
        Set<String> known = spool.incomplete();
        known.removeAll(readAgain);
        read(chunks, coverage.places(known, beginnings, ends));
        readAgain.addAll(known);
        long deadline = deadline();
        int step = FIRST_STEP;
        while (!spool.isComplete()) {
            Map<TopicPartition, Span> spans = coverage.forward(chunks.ends());
            if (spans.isEmpty()) {
                spans = coverage.backward(beginnings, step);
                step = Math.min(2 * step, Coverage.LONGEST_STEP);
            }
            if (!spans.isEmpty()) {
                read(chunks, spans);
                deadline = deadline();
            } else if (System.nanoTime() < deadline) {
                pause();
            } else {
                throw new IOException("Of the files of the bundle " + spool.progress() + " are on " + topic
                        + " so far. Does koine relay run, and is no file larger than its --in-band-limit?");
            }
        }
    }

    private void read(ArtifactsTopic chunks, Map<TopicPartition, Span> spans) throws IOException {
        Passed passed = new Passed(spool, coverage, newestWins);
        try {
            coverage.add(chunks.read(spans, passed));
        } finally {
            spool.force();
            passed.tell(LOG, topic);
        }
    }

    private long deadline() {
        return System.nanoTime() + patience.toNanos();
    }

    private static void pause() throws InterruptedIOException {
        try {
            TimeUnit.NANOSECONDS.sleep(BETWEEN_LOOKS.toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Interrupted while waiting for chunks");
        }
    }

    /** What was read to its end is copied elsewhere; after the last of a bundle nothing has to be kept. */
    private synchronized void hasRead(String path) throws IOException {
        unread.remove(path);
        if (unread.isEmpty() && isHere) {
            isHere = false;
            bundle = null;
            spool.clear();
        }
    }
}
