package dev.koine.subscriber;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.broker.EmbeddedBroker;
import dev.koine.events.Outcome;
import dev.koine.events.OutcomeReader;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Topics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutcomeReaderITCase {
    @TempDir
    Path directory;

    @Test
    void nothingThatComesAfterItWasMadeIsMissed() throws Exception {
        Path bundle = Files.createDirectories(directory.resolve("bundle"));
        Files.writeString(bundle.resolve("model.onnx"), "a model");
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("kafka"))) {
            Announcer.createTopic(broker, Topics.DEFAULT.updates());
            Announcer.createTopic(broker, Topics.DEFAULT.rejections());
            Properties kafka = new Properties();
            kafka.put("bootstrap.servers", broker.bootstrapServers());
            try (Announcer announcer = new Announcer(broker, Topics.DEFAULT.updates())) {
                ModelUpdate before = Announcer.update("m", 1, bundle);
                ModelUpdate after = Announcer.update("m", 2, bundle);
                announcer.announce(before);
                try (OutcomeReader reader = new OutcomeReader(kafka, Topics.DEFAULT)) {
                    announcer.announce(after);

                    assertThat(reader.await(after.getCause().getPosition(), Duration.ofMinutes(2)))
                            .contains(new Outcome.Updated(after));
                    assertThat(reader.readAll())
                            .extracting(OutcomeReaderITCase::version)
                            .containsExactly(1L, 2L);
                }
                try (OutcomeReader reader = new OutcomeReader(kafka, Topics.DEFAULT)) {
                    assertThat(reader.poll()).isEmpty();
                }
            }
        }
    }

    private static long version(Outcome outcome) {
        return ((Outcome.Updated) outcome).update().getVersion();
    }
}
