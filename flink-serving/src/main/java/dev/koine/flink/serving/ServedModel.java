package dev.koine.flink.serving;

import dev.koine.engine.store.BundleSource;
import dev.koine.objectstore.ObjectBundles;
import dev.koine.serving.RefusedSpeechException;
import dev.koine.serving.ServingSettings;
import dev.koine.serving.SharedModels;
import dev.koine.serving.Speech;
import dev.koine.serving.Transcriber;
import dev.koine.serving.Transcript;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.ThreadSafeSimpleCounter;
import org.apiguardian.api.API;

/**
 * The share that one parallel instance of an operator has in its TaskManager's model, the threads that it asks with, and what it counts: under
 * {@code koine.model.<id>}, {@code answered} and {@code refused} utterances, those {@code waiting} for a thread, and the {@code version} that
 * answered last, -1 before the first.
 */
@API(status = API.Status.INTERNAL)
public final class ServedModel implements AutoCloseable {
    /** Flink's file systems are those of the TaskManager, S3 among them where its plugin is there. */
    private static final BundleSource BUNDLES = new ObjectBundles();

    private final Transcriber transcriber;
    private final ExecutorService threads;
    private final AtomicInteger waiting = new AtomicInteger();
    private final Counter answered;
    private final Counter refused;
    private volatile long version = -1;

    private ServedModel(Transcriber transcriber, ExecutorService threads, MetricGroup metrics) {
        this.transcriber = transcriber;
        this.threads = threads;
        answered = metrics.counter("answered", new ThreadSafeSimpleCounter());
        refused = metrics.counter("refused", new ThreadSafeSimpleCounter());
        metrics.gauge("waiting", waiting::get);
        metrics.gauge("version", () -> version);
    }

    /**
     * Returns when a version serves.
     *
     * @param concurrency how many utterances are decoded at a time
     * @param metrics the operator's
     * @throws IOException if none does within the time that the settings give
     */
    public static ServedModel open(ServingSettings settings, int concurrency, MetricGroup metrics)
            throws IOException, InterruptedException {
        Transcriber transcriber = SharedModels.open(settings, BUNDLES);
        AtomicInteger number = new AtomicInteger();
        ExecutorService threads = Executors.newFixedThreadPool(concurrency, task -> {
            Thread thread = new Thread(task, "koine-transcribe-" + settings.modelId() + "-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        return new ServedModel(transcriber, threads, metrics.addGroup("koine").addGroup("model", settings.modelId()));
    }

    /**
     * Decodes on this thread.
     *
     * @throws RefusedSpeechException if this speech gets no text
     * @throws IOException if the model cannot be asked
     */
    public Transcript transcribe(Speech speech) throws RefusedSpeechException, IOException, InterruptedException {
        try {
            Transcript transcript = transcriber.transcribe(speech);
            version = transcript.version();
            answered.inc();
            return transcript;
        } catch (RefusedSpeechException e) {
            refused.inc();
            throw e;
        }
    }

    /** Decodes on one of the threads; what {@link #transcribe} throws completes the future. */
    public CompletableFuture<Transcript> transcribeAside(Speech speech) {
        CompletableFuture<Transcript> future = new CompletableFuture<>();
        waiting.incrementAndGet();
        threads.execute(() -> {
            waiting.decrementAndGet();
            try {
                future.complete(transcribe(speech));
            } catch (Throwable e) {
                future.completeExceptionally(e);
            }
        });
        return future;
    }

    /** Counts a record that was refused before a model was asked. */
    public void countRefused() {
        refused.inc();
    }

    /** When this returns, no thread of it runs: native code that is left alone while its JVM ends takes the JVM with it. */
    @Override
    public void close() {
        waiting.addAndGet(-threads.shutdownNow().size());
        boolean wasInterrupted = false;
        while (true) {
            try {
                if (threads.awaitTermination(1, TimeUnit.MINUTES)) {
                    break;
                }
            } catch (InterruptedException e) {
                wasInterrupted = true;
            }
        }
        transcriber.close();
        if (wasInterrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
