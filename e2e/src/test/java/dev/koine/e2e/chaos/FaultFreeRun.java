package dev.koine.e2e.chaos;

import dev.koine.cli.embedded.EmbeddedKoine;
import dev.koine.engine.Device;
import dev.koine.events.EventPublisher;
import dev.koine.events.OutcomeReader;
import dev.koine.schemas.Topics;
import dev.koine.testkit.Fixtures;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** The same events through a Koine that nothing happens to; one at a time, since a JVM bears one broker better than two. */
final class FaultFreeRun {
    private FaultFreeRun() {}

    /** The digest of each model's newest version in the end. */
    static synchronized Map<String, String> finalDigests(
            Path directory, Path broken, Collection<Workload.Planned> events) throws Exception {
        try (EmbeddedKoine koine = EmbeddedKoine.start(
                        directory,
                        EmbeddedKoine.Settings.of(List.of(Fixtures.CTC.toUri(), broken.toUri()), Device.CPU));
                EventPublisher publisher = new EventPublisher(koine.kafkaProperties());
                OutcomeReader reader = new OutcomeReader(koine.kafkaProperties(), Topics.DEFAULT)) {
            Ledger ledger = new Ledger();
            for (Workload.Planned event : events) {
                ledger.sent(publisher.publish(event.topic(), event.modelId(), event.value()), event);
                if (ledger.pending() > 50) {
                    watch(reader, ledger, 20);
                }
            }
            watch(reader, ledger, 0);
            Audit audit = new Audit(ledger.sent(), reader.readAll());
            audit.eachEventEndedOnce();
            return audit.finalDigests();
        }
    }

    private static void watch(OutcomeReader reader, Ledger ledger, long most) throws IOException {
        long deadline = System.nanoTime() + Duration.ofMinutes(15).toNanos();
        while (ledger.pending() > most) {
            if (System.nanoTime() > deadline) {
                throw new IOException("Without faults, " + ledger.pending() + " events have come to nothing.");
            }
            reader.poll().forEach(ledger::seen);
        }
    }
}
