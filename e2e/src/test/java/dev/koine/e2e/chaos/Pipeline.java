package dev.koine.e2e.chaos;

import dev.koine.events.EventPublisher;
import dev.koine.events.Outcome;
import dev.koine.events.OutcomeReader;
import dev.koine.schemas.Topics;
import java.io.IOException;
import java.util.Properties;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/** Sends events as long as it is let, with some always under way, and watches what becomes of them. */
final class Pipeline implements AutoCloseable {
    private static final String PATIENCE = "600000";

    private final Workload workload;
    private final Ledger ledger;
    private final Properties kafka;
    private final int mostPending;
    private final long pauseMillis;
    private final Thread sender = new Thread(this::send, "chaos-sender");
    private final Thread watcher = new Thread(this::watch, "chaos-watcher");
    private volatile @Nullable Throwable trouble;
    private volatile boolean enough;
    private volatile boolean over;

    /**
     * @param mostPending events that may be under way
     * @param pauseMillis between two of them
     */
    Pipeline(Workload workload, Ledger ledger, Properties kafka, int mostPending, long pauseMillis) {
        this.workload = workload;
        this.ledger = ledger;
        this.kafka = kafka;
        this.mostPending = mostPending;
        this.pauseMillis = pauseMillis;
        sender.start();
        watcher.start();
    }

    private void send() {
        Properties patient = new Properties();
        patient.putAll(kafka);
        patient.setProperty("delivery.timeout.ms", PATIENCE);
        patient.setProperty("max.block.ms", PATIENCE);
        try (EventPublisher publisher = new EventPublisher(patient)) {
            while (!enough) {
                if (ledger.pending() < mostPending) {
                    Workload.Planned event = workload.next();
                    ledger.sent(publisher.publish(event.topic(), event.modelId(), event.value()), event);
                }
                Thread.sleep(pauseMillis);
            }
        } catch (Throwable e) {
            trouble = e;
        }
    }

    private void watch() {
        while (!over) {
            try (OutcomeReader reader = new OutcomeReader(kafka, Topics.DEFAULT)) {
                reader.readAll().forEach(ledger::seen);
                while (!over) {
                    for (Outcome outcome : reader.poll()) {
                        ledger.seen(outcome);
                    }
                }
            } catch (IOException | KafkaException broken) {
                pause();
            } catch (Throwable e) {
                trouble = e;
                return;
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(300);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Sends no more, and waits until something has become of every event. Returns how many are left when the time is up. */
    long drain(long seconds) throws InterruptedException {
        enough = true;
        sender.join();
        for (long i = 0; i < seconds * 5 && ledger.pending() > 0; i++) {
            Thread.sleep(200);
        }
        requireFine();
        return ledger.pending();
    }

    void requireFine() {
        if (trouble != null) {
            throw new AssertionError("The pipeline itself failed.", trouble);
        }
    }

    @Override
    public void close() throws InterruptedException {
        enough = true;
        over = true;
        sender.interrupt();
        sender.join();
        watcher.join();
    }
}
