package dev.koine.cli.status;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.koine.engine.store.RemotePlace;
import dev.koine.schemas.Topics;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * Where an embedded merge job can be asked, and where its store is. It tells so at its own broker, in the words beside an offset of a consumer
 * group that nobody reads by, so that whoever finds the broker finds the job.
 *
 * @param restPort of Flink's REST interface on the loopback address
 * @param folder where everything is kept that is not in the store
 */
public record Whereabouts(int restPort, URI store, Path folder) {
    private static final String GROUP = "koine-up";
    private static final int PATIENCE_SECONDS = 30;
    private static final JsonMapper JSON = new JsonMapper();

    /** Writes it down at the broker, in place of what was there. Brokers forget it after some days: it has to be told again. */
    public void tell(Properties kafka) throws IOException {
        ObjectNode words = JSON.createObjectNode();
        words.put("rest", restPort);
        words.put("store", store.toString());
        words.put("folder", folder.toString());
        OffsetAndMetadata told = new OffsetAndMetadata(0, JSON.writeValueAsString(words));
        ask(kafka, admin -> {
            admin.alterConsumerGroupOffsets(GROUP, Map.of(place(), told)).all().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            return told;
        });
    }

    /** What the broker has; empty where no embedded job has told it anything. */
    public static Optional<Whereabouts> find(Properties kafka) throws IOException {
        Map<TopicPartition, OffsetAndMetadata> found = ask(kafka, admin -> admin.listConsumerGroupOffsets(GROUP)
                .partitionsToOffsetAndMetadata()
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS));
        OffsetAndMetadata told = found.get(place());
        return told == null ? Optional.empty() : read(told.metadata());
    }

    private static Optional<Whereabouts> read(String told) throws IOException {
        try {
            JsonNode words = JSON.readTree(told);
            int port = words.path("rest").asInt();
            return port <= 0 || port > 0xffff
                    ? Optional.empty()
                    : Optional.of(new Whereabouts(
                            port,
                            new URI(words.path("store").asText()),
                            Path.of(words.path("folder").asText())));
        } catch (JsonProcessingException | URISyntaxException e) {
            throw new IOException("The broker does not say where the merge job is, but: " + told, e);
        }
    }

    /** What answers at the port, if it is on this machine. */
    public JobManager jobManager() {
        List<Path> places = new ArrayList<>(List.of(folder));
        if (!RemotePlace.isRemote(store)) {
            places.add(Path.of(store));
        }
        return new JobManager(URI.create("http://127.0.0.1:" + restPort), places);
    }

    private static TopicPartition place() {
        return new TopicPartition(Topics.DEFAULT.updates(), 0);
    }

    @FunctionalInterface
    private interface Question<T> {
        T ask(Admin admin) throws ExecutionException, TimeoutException, InterruptedException, IOException;
    }

    private static <T> T ask(Properties kafka, Question<T> question) throws IOException {
        try (Admin admin = Admin.create(kafka)) {
            return question.ask(admin);
        } catch (ExecutionException | TimeoutException | KafkaException e) {
            throw new IOException("The broker does not say where the merge job is: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted while asking the broker", e);
        }
    }
}
