package dev.koine.cli.speech;

import dev.koine.speech.Features;
import dev.koine.speech.SpeechModel;
import dev.koine.speech.evaluation.Recordings;
import dev.koine.speech.evaluation.Utterance;
import dev.koine.subscriber.Lease;
import dev.koine.subscriber.ModelSubscriber;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A speech service that never stops decoding while versions come and go under it. */
public final class SpeechService implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SpeechService.class);

    private final ModelSubscriber<SpeechModel> subscriber;
    private final List<Utterance> speech;
    private final Recordings recordings = new Recordings();
    private final AtomicLong decoded = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final Thread thread = new Thread(this::serve, "speech-service");
    private volatile boolean closed;

    private SpeechService(ModelSubscriber<SpeechModel> subscriber, List<Utterance> speech) {
        this.subscriber = subscriber;
        this.speech = List.copyOf(speech);
    }

    /** Starts decoding the same speech over and over. */
    public static SpeechService start(ModelSubscriber<SpeechModel> subscriber, List<Utterance> speech) {
        SpeechService service = new SpeechService(subscriber, speech);
        service.thread.start();
        return service;
    }

    private void serve() {
        for (int i = 0; !closed; i = (i + 1) % speech.size()) {
            Utterance utterance = speech.get(i);
            try (Lease<SpeechModel> lease = subscriber.acquire()) {
                Features features = recordings.read(utterance.recording());
                lease.model().transcribe(features, utterance.language(), utterance.task());
                decoded.incrementAndGet();
            } catch (Exception e) {
                failed.incrementAndGet();
                LOG.error("A call failed", e);
            }
        }
    }

    /** Calls that were answered. */
    public long decoded() {
        return decoded.get();
    }

    /** Calls that were not. */
    public long failed() {
        return failed.get();
    }

    /** When this returns, no call is under way, also when this thread was interrupted. */
    @Override
    public void close() throws IOException {
        closed = true;
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        recordings.close();
    }
}
