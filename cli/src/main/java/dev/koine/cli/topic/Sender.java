package dev.koine.cli.topic;

import dev.koine.cli.console.ExitCode;
import dev.koine.cli.console.Plain;
import dev.koine.cli.option.JobOptions;
import dev.koine.cli.option.KafkaOptions;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.events.EventPublisher;
import dev.koine.events.EventSize;
import dev.koine.events.Outcome;
import dev.koine.events.OutcomeReader;
import dev.koine.events.signature.SigningKey;
import dev.koine.events.signature.Statement;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.schemas.Rejection;
import dev.koine.schemas.Topics;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Sends one event and tells what became of it. */
public final class Sender {
    private static final long BETWEEN_LOOKS_S = 10;

    @Mixin
    public KafkaOptions kafka;

    @Mixin
    public JobOptions job;

    @Option(
            names = "--sign-key",
            paramLabel = "FILE",
            description = "Signs the event with this key, which koine keys new has made.")
    @Nullable
    public Path signingKey;

    @Option(
            names = "--wait",
            paramLabel = "SECONDS",
            description =
                    "How long to wait for the version or the rejection; 0 not to wait (default: ${DEFAULT-VALUE}).",
            defaultValue = "300")
    public long waitSeconds;

    /** Sends a registration; returns the exit code. */
    public int sendModel(ModelRegistration event, PrintWriter out) throws IOException, RejectedException {
        if (signingKey != null) {
            event.setSignature(SigningKey.read(signingKey).sign(Statement.of(event)));
        }
        return tell(send(Topics.DEFAULT.models(), event.getModelId(), event, ModelRegistration.class, out), out);
    }

    /** Sends an expert event; returns the exit code. */
    public int sendExpert(ExpertEvent event, PrintWriter out) throws IOException, RejectedException {
        if (signingKey != null) {
            event.setSignature(SigningKey.read(signingKey).sign(Statement.of(event)));
        }
        Optional<Outcome> outcome = send(Topics.DEFAULT.experts(), event.getModelId(), event, ExpertEvent.class, out);
        int code = tell(outcome, out);
        outcome.flatMap(seen -> PassedOverStatistics.sentence(event, seen)).ifPresent(out::println);
        return code;
    }

    /** What became of the event; empty where nobody waits for it. */
    private <T extends SpecificRecord> Optional<Outcome> send(
            String topic, String modelId, T event, Class<T> type, PrintWriter out)
            throws IOException, RejectedException {
        EventSize.require(event, type);
        Properties properties = kafka.properties();
        try (OutcomeReader reader = new OutcomeReader(properties, Topics.DEFAULT);
                EventPublisher publisher = new EventPublisher(properties)) {
            Position position = publish(publisher, topic, modelId, event, type);
            out.printf("Sent to %s, partition %d, offset %d.%n", topic, position.getPartition(), position.getOffset());
            if (waitSeconds == 0) {
                return Optional.empty();
            }
            out.println("Waiting for the merge job ...");
            return Optional.of(await(reader, position, properties, out));
        }
    }

    private static <T extends SpecificRecord> Position publish(
            EventPublisher publisher, String topic, String modelId, T event, Class<T> type)
            throws IOException, RejectedException {
        try {
            return publisher.publish(topic, modelId, event, type);
        } catch (IOException e) {
            if (e.getCause() != null && e.getCause().getCause() instanceof RecordTooLargeException) {
                throw new RejectedException(
                        RejectionCode.TOO_LARGE,
                        "The topic " + topic + " takes no message as large as this event, which Koine does. Raise"
                                + " max.message.bytes of the four topics to 1048588, Kafka's default.");
            }
            throw e;
        }
    }

    private Outcome await(OutcomeReader reader, Position position, Properties properties, PrintWriter out)
            throws IOException {
        String said = "";
        for (long waited = 0; waited < waitSeconds; ) {
            long more = Math.min(BETWEEN_LOOKS_S, waitSeconds - waited);
            Optional<Outcome> outcome = reader.await(position, Duration.ofSeconds(more));
            if (outcome.isPresent()) {
                return outcome.get();
            }
            waited += more;
            JobWords words = JobWords.of(job, properties);
            if (waited < waitSeconds && !words.gist().equals(said)) {
                out.printf("No answer yet after %d s. %s%n", waited, words.sentence());
                said = words.gist();
            }
        }
        throw new IOException("Nothing became of the event within " + waitSeconds + " s. "
                + JobWords.of(job, properties).sentence()
                + " The event is not lost: the merge job takes it when it runs; koine history shows it then.");
    }

    private static int tell(Optional<Outcome> seen, PrintWriter out) {
        if (seen.isEmpty()) {
            return ExitCode.OK;
        }
        Outcome outcome = seen.get();
        if (outcome instanceof Outcome.Rejected rejected) {
            Rejection rejection = rejected.rejection();
            out.printf("Rejected (%s): %s%n", Plain.of(rejection.getCode()), Plain.of(rejection.getMessage()));
            new HistoryTable(out, true).report(rejection.getGate(), null);
            return ExitCode.REJECTED;
        }
        ModelUpdate update = ((Outcome.Updated) outcome).update();
        out.printf(
                "Version %d of %s: %s%n  %s%n",
                update.getVersion(),
                update.getModelId(),
                update.getDigest(),
                Plain.of(update.getBundle().getUri()));
        HistoryTable table = new HistoryTable(out, true);
        table.report(update.getGate(), update.getScale());
        table.share(update);
        return ExitCode.OK;
    }
}
