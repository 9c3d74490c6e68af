package dev.koine.cli.deploy;

import static dev.koine.cli.deploy.Resources.name;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.koine.flink.topics.TopicSetup;
import dev.koine.schemas.Topics;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Broker, topics and users of Strimzi's operator, and what clients are told of them. */
class DeployedKafkaTest {
    private static final String CLUSTER = "strimzi.io/cluster";

    @TempDir
    Path temporary;

    @Test
    void topicsAreAsTheCommandMakesThem() throws IOException {
        for (Resources variant : Deployed.variants().values()) {
            Map<String, Map<String, String>> topics = new TreeMap<>();
            variant.of("KafkaTopic").forEach(topic -> topics.put(name(topic), Yaml.map(topic.at("/spec/config"))));
            assertThat(topics).isEqualTo(new TreeMap<>(TopicSetup.all(Topics.DEFAULT)));
        }
    }

    @Test
    void thereAreAsManyBrokersAsCopies() throws IOException {
        for (Resources variant : Deployed.variants().values()) {
            int brokers = variant.one("KafkaNodePool").at("/spec/replicas").asInt();
            JsonNode config = variant.one("Kafka").at("/spec/kafka/config");
            for (JsonNode topic : variant.of("KafkaTopic")) {
                assertThat(topic.at("/spec/replicas").asInt()).isEqualTo(brokers);
            }
            for (String copies : List.of(
                    "default.replication.factor",
                    "offsets.topic.replication.factor",
                    "transaction.state.log.replication.factor",
                    "share.coordinator.state.topic.replication.factor")) {
                assertThat(config.path(copies).asInt()).as(copies).isEqualTo(brokers);
            }
            for (String least : List.of(
                    "min.insync.replicas", "transaction.state.log.min.isr", "share.coordinator.state.topic.min.isr")) {
                assertThat(config.path(least).asInt()).as(least).isEqualTo(brokers == 1 ? 1 : brokers - 1);
            }
        }
    }

    @Test
    void theBrokerIsTheOneOfTheTestsAndTakesTheJobsTransactions() throws IOException {
        String version = Deployed.version("kafka.version");
        for (Map.Entry<String, Resources> variant : Deployed.variants().entrySet()) {
            JsonNode kafka = variant.getValue().one("Kafka").at("/spec/kafka");
            assertThat(kafka.path("version").asText()).isEqualTo(version);
            assertThat(kafka.path("metadataVersion").asText()).startsWith(version.substring(0, 3));
            long longest =
                    kafka.at("/config").path("transaction.max.timeout.ms").asLong();
            JobSetup setup = JobSetup.of(variant.getKey(), variant.getValue().one("FlinkDeployment"));
            assertThat(setup.config(temporary).transactionTimeout().toMillis()).isLessThanOrEqualTo(longest);
        }
    }

    @Test
    void everythingBelongsToTheOneCluster() throws IOException {
        for (Resources variant : Deployed.variants().values()) {
            String cluster = name(variant.one("Kafka"));
            for (String kind : List.of("KafkaNodePool", "KafkaTopic", "KafkaUser")) {
                assertThat(variant.of(kind)).isNotEmpty().allSatisfy(each -> assertThat(
                                each.at("/metadata/labels").path(CLUSTER).asText())
                        .isEqualTo(cluster));
            }
            String tls = variant.one("Kafka")
                    .at("/spec/kafka/listeners/0/authentication/type")
                    .asText();
            assertThat(variant.of("KafkaUser")).allSatisfy(user -> assertThat(
                            user.at("/spec/authentication/type").asText())
                    .isEqualTo(tls));
        }
    }

    @Test
    void clientsAreToldOfTheListener() throws IOException {
        for (Map.Entry<String, Resources> variant : Deployed.variants().entrySet()) {
            Resources resources = variant.getValue();
            JsonNode listener = resources.one("Kafka").at("/spec/kafka/listeners/0");
            String broker = name(resources.one("Kafka")) + "-kafka-bootstrap:"
                    + listener.path("port").asInt();
            Properties client = new Properties();
            client.load(new StringReader(resources
                    .one("ConfigMap")
                    .at("/data")
                    .path("kafka.properties")
                    .asText()));
            assertThat(client.getProperty("bootstrap.servers")).isEqualTo(broker);
            assertThat(client.getProperty("security.protocol"))
                    .isEqualTo(listener.path("tls").asBoolean() ? "SSL" : "");
            assertThat(JobSetup.of(variant.getKey(), resources.one("FlinkDeployment"))
                            .option("bootstrap.servers"))
                    .isEqualTo(broker);
            assertThat(client.stringPropertyNames())
                    .allMatch(name -> ConsumerConfig.configNames().contains(name))
                    .allMatch(name -> ProducerConfig.configNames().contains(name));
            assertThat(client.values())
                    .as("the job's jar has them under another name")
                    .noneMatch(value -> value.toString().contains("org.apache.kafka"));
        }
    }
}
