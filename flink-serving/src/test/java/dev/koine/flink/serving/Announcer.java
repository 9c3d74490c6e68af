package dev.koine.flink.serving;

import dev.koine.broker.EmbeddedBroker;
import dev.koine.events.EventPublisher;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Topics;
import dev.koine.testkit.TinyCtc;
import dev.koine.testkit.Updates;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/** A broker, and versions that are announced on it; what one says tells which one it is. */
public final class Announcer implements AutoCloseable {
    private final Path directory;
    private final EmbeddedBroker broker;
    private final EventPublisher publisher;

    public Announcer(Path directory) throws Exception {
        this.directory = directory;
        broker = EmbeddedBroker.start(directory.resolve("kafka"));
        createTopic(Topics.DEFAULT.updates());
        Properties kafka = new Properties();
        kafka.put("bootstrap.servers", broker.bootstrapServers());
        publisher = new EventPublisher(kafka);
    }

    public void createTopic(String name) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic(name, Optional.of(1), Optional.empty())))
                    .all()
                    .get();
        }
    }

    public String bootstrapServers() {
        return broker.bootstrapServers();
    }

    /** Announces the version that says {@link #letter}, and returns its digest. */
    public String announce(String model, long version) throws Exception {
        Path bundle = TinyCtc.saying(letter(version), directory.resolve(model).resolve("" + version));
        ModelUpdate update = Updates.of(model, version, bundle);
        publisher.publish(Topics.DEFAULT.updates(), model, update, ModelUpdate.class);
        return update.getDigest();
    }

    public static String letter(long version) {
        return Character.toString('c' + (int) version);
    }

    /** Names of this JVM's threads that belong to serving a model. */
    public static List<String> threads(String model) {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("koine-") && name.contains(model))
                .toList();
    }

    @Override
    public void close() {
        publisher.close();
        broker.close();
    }
}
